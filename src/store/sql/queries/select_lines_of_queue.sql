SELECT DISTINCT concurrency, rate, circuit FROM blocked
WHERE lane IN (SELECT id FROM lane WHERE queue = ?1)
