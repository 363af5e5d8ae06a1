SELECT e.node, e.count, e.closed, e.attempt, e.started_at, executor.name
FROM expansion AS e LEFT JOIN executor ON executor.id = e.executor
WHERE e.run = ?1 AND e.node >= ?2 AND e.node <= ?3
