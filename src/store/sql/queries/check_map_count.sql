-- Mapped tasks that succeeded with more or fewer instances than items.
SELECT expansion.run, expansion.node, -1 AS idx
FROM expansion
JOIN task_end AS whole ON whole.run = expansion.run
 AND whole.node = expansion.node AND whole.idx = -1
WHERE NOT expansion.closed AND whole.state = 4 AND expansion.count <> (
  SELECT count(*) FROM task_end AS one
  WHERE one.run = expansion.run AND one.node = expansion.node
    AND one.idx BETWEEN 0 AND expansion.count - 1) + (
  SELECT coalesce(sum(shared.count), 0) FROM task_end_range AS shared
  WHERE shared.of_run = expansion.run AND shared.node = expansion.node)
LIMIT 100
