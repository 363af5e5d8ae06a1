SELECT due_at FROM scheduled ORDER BY due_at LIMIT 1
