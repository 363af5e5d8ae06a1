SELECT concurrency, rate FROM idle_line LIMIT 100
