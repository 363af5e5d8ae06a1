DROP VIEW idle_line;

ALTER TABLE limiter DROP COLUMN allowed, DROP COLUMN decreased_at,
  DROP COLUMN window_ends, DROP COLUMN window_time, DROP COLUMN window_full;
-- What an older Windlass knows of a concurrency.
UPDATE limiter SET threshold = 0, period = 0 WHERE kind = 0;

CREATE VIEW idle_line AS
SELECT line.concurrency, line.rate, line.circuit
FROM limit_line AS line
LEFT JOIN limiter AS c ON c.id = line.concurrency
LEFT JOIN limiter AS r ON r.id = line.rate
LEFT JOIN limiter AS b ON b.id = line.circuit
WHERE (c.id IS NULL OR c.taken < c.most)
  AND (r.id IS NULL OR (r.next_at IS NULL AND r.taken < r.most))
  AND (b.id IS NULL OR b.open_until IS NULL
       OR (b.next_at IS NULL AND b.taken < b.most))
  AND EXISTS (
    SELECT 1 FROM blocked
    WHERE blocked.concurrency = line.concurrency AND blocked.rate = line.rate
      AND blocked.circuit = line.circuit
      AND blocked.lane > 0 AND NOT EXISTS (
        SELECT 1 FROM lane JOIN queue ON queue.name = lane.queue
        WHERE lane.id = blocked.lane AND queue.paused));
