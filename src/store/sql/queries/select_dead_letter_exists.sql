SELECT 1 FROM dead_letter WHERE id = ?1
