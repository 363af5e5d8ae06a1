-- What rows say against what is counted.
SELECT 0 AS run, -1 AS node, -1 AS idx
FROM (
  SELECT what, which, node, count FROM tally
  UNION ALL
  SELECT 0, abs(lane), -1, -count * runs FROM ready
  UNION ALL
  SELECT 1, run.definition, held.node, -held.count
  FROM (SELECT run, node, 1 AS count FROM lease
        UNION ALL
        SELECT CASE of_run WHEN 0 THEN last ELSE of_run END, node, count
        FROM lease_range) AS held
  JOIN run ON run.id = held.run
  UNION ALL
  SELECT 2, run.definition, waiting.node, -waiting.count
  FROM (SELECT run, node, 1 AS count FROM scheduled
        UNION ALL SELECT run, node, count FROM blocked) AS waiting
  JOIN run ON run.id = waiting.run
  UNION ALL
  SELECT 3, state, -1, -1 FROM run
) AS counted
GROUP BY what, which, counted.node HAVING sum(count) <> 0
LIMIT 1
