-- Of each lane the longest ready, as far as the first thousand rows of each
-- priority tell: what is behind them belongs to runs that were submitted later.
WITH RECURSIVE priority (rank) AS (
  SELECT 0 UNION ALL SELECT rank + 1 FROM priority WHERE rank < 9
), side (sign) AS (VALUES (1), (-1))
SELECT queue, min(oldest)
FROM (
  SELECT lane.queue, (
    SELECT min(ready_at) FROM (
      SELECT ready_at FROM ready
      WHERE ready.lane = lane.id * side.sign AND ready.rank = priority.rank
      ORDER BY run, node, idx LIMIT 1000)) AS oldest
  FROM lane, priority, side)
WHERE oldest IS NOT NULL
GROUP BY queue
