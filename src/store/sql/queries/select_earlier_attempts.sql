SELECT a.node, a.idx, a.started_at, a.finished_at, executor.name, a.error
FROM attempt AS a LEFT JOIN executor ON executor.id = a.executor
WHERE a.run = ?1 ORDER BY a.token
