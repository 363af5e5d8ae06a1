SELECT v.name, v.version, definition.digest, v.description, v.base_dir,
       v.created_at, v.definition
FROM workflow
JOIN workflow_version AS v ON v.name = workflow.name AND v.version = workflow.version
JOIN definition ON definition.id = v.definition
WHERE workflow.name > ?1 AND instr(workflow.name, ?2) > 0
ORDER BY workflow.name LIMIT ?3
