-- Lines of which someone might be let go and nobody is; a sweep sees to it.
SELECT 0 AS run, -1 AS node, -1 AS idx
FROM limit_line AS line
LEFT JOIN limiter AS c ON c.id = line.concurrency
LEFT JOIN limiter AS r ON r.id = line.rate
WHERE (c.id IS NULL OR c.taken < c.most)
  AND (r.id IS NULL OR (r.next_at IS NULL AND r.taken < r.most))
  AND EXISTS (
    SELECT 1 FROM blocked
    WHERE blocked.concurrency = line.concurrency AND blocked.rate = line.rate
      AND blocked.lane > 0 AND NOT EXISTS (
        SELECT 1 FROM lane JOIN queue ON queue.name = lane.queue
        WHERE lane.id = blocked.lane AND queue.paused))
LIMIT 100
