SELECT node, idx, 1, attempt, failures, crashes, scheduled_at
FROM scheduled WHERE run = ?1 AND node = ?2
