SELECT 1 FROM run WHERE id = ?1 AND state = 0
