SELECT DISTINCT concurrency, rate FROM blocked WHERE run = ?1
