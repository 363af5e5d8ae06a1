SELECT id FROM run WHERE root = ?1 AND state = 0 AND NOT paused
