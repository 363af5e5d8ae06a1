SELECT node, idx, count, attempt, failures, crashes, scheduled_at
FROM blocked WHERE run = ?1 AND node = ?2
FOR UPDATE
