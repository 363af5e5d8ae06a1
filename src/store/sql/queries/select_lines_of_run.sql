SELECT DISTINCT concurrency, rate, circuit FROM blocked WHERE run = ?1
