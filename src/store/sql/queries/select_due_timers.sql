SELECT due_at, run, node, first, last, kind FROM timer
WHERE due_at <= ?1 ORDER BY due_at LIMIT 500
