SELECT id, created_at FROM run WHERE id > ?1 ORDER BY id LIMIT ?2
