-- A row of ready with `runs` > 1 stands for the same task of that many
-- consecutive runs, the last of which is `run`; their definition and, where it
-- is the same, their input are then in the row.
ALTER TABLE ready ADD COLUMN runs INTEGER NOT NULL DEFAULT 1
  CHECK (runs = 1 OR (runs BETWEEN 2 AND 500 AND idx = -1 AND attempt = 1));
ALTER TABLE ready ADD COLUMN definition INTEGER;
ALTER TABLE ready ADD COLUMN input INTEGER;

-- Running attempts of one task in `runs` consecutive runs, the last of which is
-- `run`; `token` is its token, and those before it count down from there. A run
-- that must be told apart gets a row of its own in `lease`.
CREATE TABLE lease_range (
  node INTEGER NOT NULL,
  run INTEGER NOT NULL,
  runs INTEGER NOT NULL CHECK (runs BETWEEN 1 AND 500),
  token INTEGER NOT NULL CHECK (token >= runs),
  executor INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  crashes INTEGER NOT NULL CHECK (crashes >= 0),
  scheduled_at INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  PRIMARY KEY (node, run)
) STRICT, WITHOUT ROWID;

CREATE INDEX lease_range_by_run ON lease_range (run);

-- Every claimable task and every running attempt, for those who look at all.
CREATE VIEW every_ready AS
WITH RECURSIVE each (lane, run, node, idx, count, runs) AS (
  SELECT lane, run, node, idx, count, runs FROM ready
  UNION ALL
  SELECT lane, run - 1, node, idx, count, runs - 1 FROM each WHERE runs > 1
)
SELECT lane, run, node, idx, count FROM each;

CREATE VIEW every_lease AS
WITH RECURSIVE each (run, node, token, executor, runs) AS (
  SELECT run, node, token, executor, runs FROM lease_range
  UNION ALL
  SELECT run - 1, node, token - 1, executor, runs - 1 FROM each WHERE runs > 1
)
SELECT run, node, idx, token, executor, stopping FROM lease
UNION ALL
SELECT run, node, -1, token, executor, 0 FROM each;
