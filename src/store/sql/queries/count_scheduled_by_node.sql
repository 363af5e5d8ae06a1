-- Those that wait for a permit too.
SELECT run.definition, waiting.node, sum(waiting.count)
FROM (
  SELECT run, node, 1 AS count FROM scheduled
  UNION ALL SELECT run, node, count FROM blocked
) AS waiting JOIN run ON run.id = waiting.run
GROUP BY run.definition, waiting.node
