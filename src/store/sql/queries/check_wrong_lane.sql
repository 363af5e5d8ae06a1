-- Claimable or blocked tasks of paused runs, and tasks of others that no claim
-- looks at.
SELECT waiting.run, waiting.node, waiting.idx
FROM (
  SELECT run, node, idx, lane FROM every_ready
  UNION ALL SELECT run, node, idx, lane FROM blocked
) AS waiting JOIN run ON run.id = waiting.run
WHERE run.paused <> (waiting.lane < 0) LIMIT 100
