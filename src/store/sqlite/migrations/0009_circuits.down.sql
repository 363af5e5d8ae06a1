DROP VIEW idle_line;
DROP VIEW unclaimed_permit;
DROP VIEW unused_limiter;

-- Who waits for a circuit alone is claimable: due since long, and counted as
-- what is scheduled already.
INSERT INTO scheduled (due_at, run, node, idx, attempt, failures, crashes,
                       scheduled_at)
SELECT scheduled_at, run, node, idx, attempt, failures, crashes, scheduled_at
FROM blocked WHERE concurrency = 0 AND rate = 0;

CREATE TABLE old_limiter (
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL CHECK (kind IN (0, 1)),
  key TEXT NOT NULL,
  most INTEGER NOT NULL CHECK (most >= 1),
  period INTEGER NOT NULL CHECK (period >= 0),  -- Microseconds.
  ruled_by INTEGER NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0),
  starts INTEGER NOT NULL DEFAULT 0 CHECK (starts >= 0),
  waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting IN (0, 1)),
  next_at INTEGER,
  keep_until INTEGER NOT NULL,
  UNIQUE (kind, key)
) STRICT;
INSERT INTO old_limiter
SELECT id, kind, key, most, period, ruled_by, taken, starts, waiting, next_at,
       keep_until
FROM limiter WHERE kind <> 2;
DROP TABLE limiter;
ALTER TABLE old_limiter RENAME TO limiter;
CREATE INDEX limiter_by_time ON limiter (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE old_permit (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  token INTEGER,
  concurrency INTEGER NOT NULL,
  rate INTEGER NOT NULL,
  most INTEGER NOT NULL,
  given_at INTEGER NOT NULL,
  PRIMARY KEY (run, node, idx),
  CHECK (concurrency <> 0 OR rate <> 0)
) STRICT, WITHOUT ROWID;
INSERT INTO old_permit
SELECT run, node, idx, token, concurrency, rate, most, given_at
FROM permit WHERE concurrency <> 0 OR rate <> 0;
DROP TABLE permit;
ALTER TABLE old_permit RENAME TO permit;
CREATE INDEX permit_reserved ON permit (given_at) WHERE token IS NULL;

CREATE TABLE old_blocked (
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
  PRIMARY KEY (run, node, idx),
  CHECK (concurrency <> 0 OR rate <> 0)
) STRICT, WITHOUT ROWID;
INSERT INTO old_blocked
SELECT run, node, idx, count, concurrency, rate, turn, lane, rank, attempt,
       failures, crashes, scheduled_at
FROM blocked WHERE concurrency <> 0 OR rate <> 0;
DROP TABLE blocked;
ALTER TABLE old_blocked RENAME TO blocked;
CREATE INDEX blocked_by_turn
  ON blocked (concurrency, rate, turn, run, node, idx);

CREATE TABLE old_limit_line (
  concurrency INTEGER NOT NULL,
  rate INTEGER NOT NULL,
  PRIMARY KEY (concurrency, rate)
) STRICT, WITHOUT ROWID;
INSERT INTO old_limit_line
SELECT DISTINCT concurrency, rate FROM limit_line
WHERE concurrency <> 0 OR rate <> 0;
DROP TABLE limit_line;
ALTER TABLE old_limit_line RENAME TO limit_line;
CREATE INDEX limit_line_by_rate ON limit_line (rate);

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
