SELECT concurrency, rate, circuit FROM idle_line LIMIT 100
