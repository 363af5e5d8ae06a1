INSERT INTO input (params, labels, base_dir) VALUES (?1, ?2, ?3) RETURNING id
