SELECT id FROM run WHERE parent = ?1 AND parent_node = ?2 AND state = 0
