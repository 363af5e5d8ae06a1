-- `circuit_breaker` (kind 2) is a limiter too: most is its probes at a time,
-- period how long it stays open, threshold the failures in a row that open it.
-- It is open while open_until is there; taken counts its probes of this era.
-- era grows whenever it opens or closes, and permits remember theirs.
DROP VIEW idle_line;
DROP VIEW unclaimed_permit;
DROP VIEW unused_limiter;

ALTER TABLE limiter
  ADD COLUMN threshold int NOT NULL DEFAULT 0,
  ADD COLUMN failures int NOT NULL DEFAULT 0 CHECK (failures >= 0),
  ADD COLUMN open_until timestamptz,
  ADD COLUMN era bigint NOT NULL DEFAULT 0,
  DROP CONSTRAINT limiter_kind_check,
  ADD CONSTRAINT limiter_kind_check CHECK (kind IN (0, 1, 2)),
  ADD CONSTRAINT limiter_probes_check
    CHECK (kind <> 2 OR open_until IS NOT NULL OR taken = 0);

ALTER TABLE permit
  ADD COLUMN circuit bigint NOT NULL DEFAULT 0,
  ADD COLUMN era bigint NOT NULL DEFAULT 0,
  DROP CONSTRAINT permit_check,
  ADD CONSTRAINT permit_check
    CHECK (concurrency <> 0 OR rate <> 0 OR circuit <> 0);

ALTER TABLE blocked
  ADD COLUMN circuit bigint NOT NULL DEFAULT 0,
  DROP CONSTRAINT blocked_check1,
  ADD CONSTRAINT blocked_check1
    CHECK (concurrency <> 0 OR rate <> 0 OR circuit <> 0);
DROP INDEX blocked_by_turn;
CREATE INDEX blocked_by_turn
  ON blocked (concurrency, rate, circuit, turn, run, node, idx);

-- The limiters that tasks wait for together.
ALTER TABLE limit_line
  ADD COLUMN circuit bigint NOT NULL DEFAULT 0,
  DROP CONSTRAINT limit_line_pkey,
  ADD PRIMARY KEY (concurrency, rate, circuit);
CREATE INDEX limit_line_by_circuit ON limit_line (circuit);

-- Of which someone might be let go and nobody is: a transaction that was to
-- change that was rolled back.
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

-- Reserved for a task that nobody has claimed.
CREATE VIEW unclaimed_permit AS
SELECT permit.run, permit.node, permit.idx, permit.concurrency, permit.rate,
       permit.circuit, permit.given_at
FROM permit
LEFT JOIN lease ON lease.run = permit.run AND lease.node = permit.node
 AND lease.idx = permit.idx
WHERE permit.token IS NULL AND lease.run IS NULL;

CREATE VIEW unused_limiter AS
SELECT id, keep_until FROM limiter
WHERE taken = 0
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE concurrency = limiter.id)
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE rate = limiter.id)
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE circuit = limiter.id);
