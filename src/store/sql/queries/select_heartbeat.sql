SELECT heartbeat FROM task_progress WHERE run = ?1 AND node = ?2 AND idx = ?3
