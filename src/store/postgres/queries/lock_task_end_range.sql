SELECT 1 FROM task_end_range WHERE of_run = ?1 AND node = ?2 AND last = ?3
FOR UPDATE
