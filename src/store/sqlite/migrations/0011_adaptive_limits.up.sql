-- An adaptive `concurrency` allows at present `allowed`, which moves between
-- threshold, its minimum, and most; period is the latency it aims at, or 0.
-- decreased_at: when it was last too much; what began before says nothing more.
-- window_*: the ends since the last change, how long they took together, and
-- whether all that was allowed has been in use.
DROP VIEW idle_line;

ALTER TABLE limiter ADD COLUMN allowed INTEGER
  CHECK (allowed IS NULL
         OR (kind = 0 AND allowed BETWEEN threshold AND most));
ALTER TABLE limiter ADD COLUMN decreased_at INTEGER;
ALTER TABLE limiter ADD COLUMN window_ends INTEGER NOT NULL DEFAULT 0
  CHECK (window_ends >= 0);
ALTER TABLE limiter ADD COLUMN window_time INTEGER NOT NULL DEFAULT 0
  CHECK (window_time >= 0);
ALTER TABLE limiter ADD COLUMN window_full INTEGER NOT NULL DEFAULT 0
  CHECK (window_full IN (0, 1));

-- Of which someone might be let go and nobody is: a transaction that was to
-- change that was rolled back.
CREATE VIEW idle_line AS
SELECT line.concurrency, line.rate, line.circuit
FROM limit_line AS line
LEFT JOIN limiter AS c ON c.id = line.concurrency
LEFT JOIN limiter AS r ON r.id = line.rate
LEFT JOIN limiter AS b ON b.id = line.circuit
WHERE (c.id IS NULL OR c.taken < coalesce(c.allowed, c.most))
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
