SELECT v.name, v.version, definition.digest, v.description, v.base_dir,
       v.created_at, v.definition
FROM workflow_version AS v
JOIN definition ON definition.id = v.definition
WHERE v.name = ?1
ORDER BY v.version DESC
