DROP VIEW idle_line;
DROP VIEW unclaimed_permit;
DROP VIEW unused_limiter;

-- Who waits for a circuit alone is claimable: due since long, and counted as
-- what is scheduled already.
INSERT INTO scheduled (due_at, run, node, idx, attempt, failures, crashes,
                       scheduled_at)
SELECT scheduled_at, run, node, idx, attempt, failures, crashes, scheduled_at
FROM blocked WHERE concurrency = 0 AND rate = 0;
DELETE FROM blocked WHERE concurrency = 0 AND rate = 0;
DELETE FROM permit WHERE concurrency = 0 AND rate = 0;
DELETE FROM limiter WHERE kind = 2;
DELETE FROM limit_line;

ALTER TABLE limit_line DROP CONSTRAINT limit_line_pkey, DROP COLUMN circuit,
  ADD PRIMARY KEY (concurrency, rate);
INSERT INTO limit_line SELECT DISTINCT concurrency, rate FROM blocked;

-- A check that names a column goes with it.
ALTER TABLE blocked DROP COLUMN circuit,
  ADD CONSTRAINT blocked_check1 CHECK (concurrency <> 0 OR rate <> 0);
CREATE INDEX blocked_by_turn
  ON blocked (concurrency, rate, turn, run, node, idx);

ALTER TABLE permit DROP COLUMN circuit, DROP COLUMN era,
  ADD CONSTRAINT permit_check CHECK (concurrency <> 0 OR rate <> 0);

ALTER TABLE limiter DROP COLUMN threshold, DROP COLUMN failures,
  DROP COLUMN open_until, DROP COLUMN era,
  DROP CONSTRAINT limiter_kind_check,
  ADD CONSTRAINT limiter_kind_check CHECK (kind IN (0, 1));

CREATE VIEW idle_line AS
SELECT line.concurrency, line.rate
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
        WHERE lane.id = blocked.lane AND queue.paused));

CREATE VIEW unclaimed_permit AS
SELECT permit.run, permit.node, permit.idx, permit.concurrency, permit.rate,
       permit.given_at
FROM permit
LEFT JOIN lease ON lease.run = permit.run AND lease.node = permit.node
 AND lease.idx = permit.idx
WHERE permit.token IS NULL AND lease.run IS NULL;

CREATE VIEW unused_limiter AS
SELECT id, keep_until FROM limiter
WHERE taken = 0
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE concurrency = limiter.id)
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE rate = limiter.id);
