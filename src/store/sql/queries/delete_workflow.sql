DELETE FROM workflow_version WHERE name = ?1
