SELECT id FROM run WHERE parent = ?1 AND state = 0
