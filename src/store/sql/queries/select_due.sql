SELECT run, node, idx, attempt, failures, crashes, scheduled_at, due_at
FROM scheduled WHERE due_at <= ?1 ORDER BY due_at LIMIT 1000
