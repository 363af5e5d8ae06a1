SELECT DISTINCT concurrency, rate FROM blocked
WHERE lane IN (SELECT id FROM lane WHERE queue = ?1)
