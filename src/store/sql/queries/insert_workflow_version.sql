INSERT INTO workflow_version (name, version, definition, description, base_dir,
                              created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
