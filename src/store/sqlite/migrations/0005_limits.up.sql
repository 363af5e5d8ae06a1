-- What `concurrency` (kind 0) and `rate_limit` (kind 1) name, over all runs.
-- `most` and `period` are as `ruled_by` has them, the latest submitted of the
-- runs that named the key. `taken` counts permits of a concurrency, and of a
-- rate those reserved for a start to come; `starts` counts the starts so far.
-- next_at: when the next waiter may be let go; waiting: there may be one.
-- keep_until: an unused limiter is forgotten then.
CREATE TABLE limiter (
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

CREATE INDEX limiter_by_time ON limiter (next_at) WHERE next_at IS NOT NULL;

-- The latest starts of a rate: those since the row before, up to number `last`,
-- were at started_at.
CREATE TABLE limit_start (
  limiter INTEGER NOT NULL,
  last INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  PRIMARY KEY (limiter, last)
) STRICT, WITHOUT ROWID;

-- Tasks that hold what they need of their limiters (0: none). Without a token
-- it is reserved for a task that was let go and has not been started yet.
-- `most` is the concurrency's limit when it was given.
CREATE TABLE permit (
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

CREATE INDEX permit_reserved ON permit (given_at) WHERE token IS NULL;

-- Tasks that wait for a permit, in rows as those of `ready`. `turn` is their
-- order.
CREATE TABLE blocked (
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

CREATE INDEX blocked_by_turn
  ON blocked (concurrency, rate, turn, run, node, idx);

-- The pairs of limiters that tasks wait for.
CREATE TABLE limit_line (
  concurrency INTEGER NOT NULL,
  rate INTEGER NOT NULL,
  PRIMARY KEY (concurrency, rate)
) STRICT, WITHOUT ROWID;

CREATE INDEX limit_line_by_rate ON limit_line (rate);

-- Of which someone might be let go and nobody is: a transaction that was to
-- change that was rolled back.
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

-- Reserved for a task that nobody has claimed.
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
