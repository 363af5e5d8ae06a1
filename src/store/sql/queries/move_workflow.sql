UPDATE workflow_version SET base_dir = ?3 WHERE name = ?1 AND version = ?2
