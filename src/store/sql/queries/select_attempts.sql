SELECT a.token, a.node, a.idx, a.attempt, a.outcome, a.started_at,
       a.finished_at, executor.name, a.error
FROM attempt AS a LEFT JOIN executor ON executor.id = a.executor
WHERE a.run = ?1
UNION ALL
SELECT t.token, t.node, t.idx, t.attempt, t.outcome, t.started_at,
       t.finished_at, executor.name, t.error
FROM task_end AS t LEFT JOIN executor ON executor.id = t.executor
WHERE t.run = ?1 AND t.token IS NOT NULL
