-- Rows about a run's tasks from (?2, ?3) to (?4, ?5), and perhaps about others of
-- theirs. Rows stand for 500 tasks at the most.
SELECT e.of_run, e.node, e.last, e.count, e.attempt, e.token, e.executor,
       e.started_at, e.finished_at, e.run_times, executor.name
FROM task_end_range AS e LEFT JOIN executor ON executor.id = e.executor
WHERE e.of_run = ?1 AND (e.node, e.last) >= (?2, ?3)
  AND (e.node, e.last - e.count + 1) <= (?4, ?5)
UNION ALL
SELECT e.of_run, e.node, e.last, e.count, e.attempt, e.token, e.executor,
       e.started_at, e.finished_at, e.run_times, executor.name
FROM task_end_range AS e LEFT JOIN executor ON executor.id = e.executor
WHERE e.of_run = 0 AND e.last >= ?1 AND e.last < ?1 + 500
  AND e.last - e.count < ?1 AND (e.node, -1) >= (?2, ?3)
  AND (e.node, -1) <= (?4, ?5)
