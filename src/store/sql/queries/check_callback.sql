-- Addresses that are open although their task has ended.
SELECT callback.run, callback.node, callback.idx
FROM callback
JOIN run ON run.id = callback.run
LEFT JOIN task_end
  ON task_end.run = callback.run AND task_end.node = callback.node
 AND task_end.idx = callback.idx
WHERE NOT callback.closed AND (run.state <> 0 OR task_end.run IS NOT NULL)
LIMIT 100
