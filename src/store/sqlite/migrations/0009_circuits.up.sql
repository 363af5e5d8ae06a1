-- `circuit_breaker` (kind 2) is a limiter too: most is its probes at a time,
-- period how long it stays open, threshold the failures in a row that open it.
-- It is open while open_until is there; taken counts its probes of this era.
-- era grows whenever it opens or closes, and permits remember theirs.
--
-- A check cannot be changed, so the tables are made anew.
DROP VIEW idle_line;
DROP VIEW unclaimed_permit;
DROP VIEW unused_limiter;

CREATE TABLE new_limiter (
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
  key TEXT NOT NULL,
  most INTEGER NOT NULL CHECK (most >= 1),
  period INTEGER NOT NULL CHECK (period >= 0),  -- Microseconds.
  ruled_by INTEGER NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0),
  starts INTEGER NOT NULL DEFAULT 0 CHECK (starts >= 0),
  waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting IN (0, 1)),
  next_at INTEGER,
  keep_until INTEGER NOT NULL,
  threshold INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
  open_until INTEGER,
  era INTEGER NOT NULL DEFAULT 0,
  UNIQUE (kind, key),
  CHECK (kind <> 2 OR open_until IS NOT NULL OR taken = 0)
) STRICT;
INSERT INTO new_limiter (id, kind, key, most, period, ruled_by, taken, starts,
                         waiting, next_at, keep_until)
SELECT id, kind, key, most, period, ruled_by, taken, starts, waiting, next_at,
       keep_until
FROM limiter;
DROP TABLE limiter;
ALTER TABLE new_limiter RENAME TO limiter;
CREATE INDEX limiter_by_time ON limiter (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE new_permit (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  token INTEGER,
  concurrency INTEGER NOT NULL,
  rate INTEGER NOT NULL,
  most INTEGER NOT NULL,
  given_at INTEGER NOT NULL,
  circuit INTEGER NOT NULL DEFAULT 0,
  era INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, node, idx),
  CHECK (concurrency <> 0 OR rate <> 0 OR circuit <> 0)
) STRICT, WITHOUT ROWID;
INSERT INTO new_permit (run, node, idx, token, concurrency, rate, most, given_at)
SELECT run, node, idx, token, concurrency, rate, most, given_at FROM permit;
DROP TABLE permit;
ALTER TABLE new_permit RENAME TO permit;
CREATE INDEX permit_reserved ON permit (given_at) WHERE token IS NULL;

CREATE TABLE new_blocked (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count = 1 OR (count > 1 AND idx >= count - 1)),
  concurrency INTEGER NOT NULL,
  rate INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  lane INTEGER NOT NULL CHECK (lane <> 0),
  rank INTEGER NOT NULL CHECK (rank BETWEEN 0 AND 9),
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  crashes INTEGER NOT NULL CHECK (crashes >= 0),
  scheduled_at INTEGER NOT NULL,
  circuit INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, node, idx),
  CHECK (concurrency <> 0 OR rate <> 0 OR circuit <> 0)
) STRICT, WITHOUT ROWID;
INSERT INTO new_blocked (run, node, idx, count, concurrency, rate, turn, lane,
                         rank, attempt, failures, crashes, scheduled_at)
SELECT run, node, idx, count, concurrency, rate, turn, lane, rank, attempt,
       failures, crashes, scheduled_at
FROM blocked;
DROP TABLE blocked;
ALTER TABLE new_blocked RENAME TO blocked;
CREATE INDEX blocked_by_turn
  ON blocked (concurrency, rate, circuit, turn, run, node, idx);

-- The limiters that tasks wait for together.
CREATE TABLE new_limit_line (
  concurrency INTEGER NOT NULL,
  rate INTEGER NOT NULL,
  circuit INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (concurrency, rate, circuit)
) STRICT, WITHOUT ROWID;
INSERT INTO new_limit_line (concurrency, rate)
SELECT concurrency, rate FROM limit_line;
DROP TABLE limit_line;
ALTER TABLE new_limit_line RENAME TO limit_line;
CREATE INDEX limit_line_by_rate ON limit_line (rate);
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
