-- Running attempts of a map's instances share rows as those of consecutive runs
-- do. A row is about `count` tasks of `node`, the last of which is `last`: where
-- `of_run` is 0, the task without an index of as many consecutive runs; elsewhere
-- instances of that run.
DROP VIEW every_lease;
ALTER TABLE lease_range RENAME TO lease_range_of_runs;
DROP INDEX lease_range_by_run;

CREATE TABLE lease_range (
  of_run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 500),
  token INTEGER NOT NULL CHECK (token >= count),
  executor INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  crashes INTEGER NOT NULL CHECK (crashes >= 0),
  scheduled_at INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  PRIMARY KEY (of_run, node, last)
) STRICT, WITHOUT ROWID;

INSERT INTO lease_range
SELECT 0, node, run, runs, token, executor, attempt, failures, crashes,
       scheduled_at, claimed_at
FROM lease_range_of_runs;
DROP TABLE lease_range_of_runs;

CREATE INDEX lease_range_by_run ON lease_range (last) WHERE of_run = 0;

CREATE VIEW every_lease AS
WITH RECURSIVE each (of_run, node, at, token, executor, count) AS (
  SELECT of_run, node, last, token, executor, count FROM lease_range
  UNION ALL
  SELECT of_run, node, at - 1, token - 1, executor, count - 1
  FROM each WHERE count > 1
)
SELECT run, node, idx, token, executor, stopping FROM lease
UNION ALL
SELECT iif(of_run = 0, at, of_run), node, iif(of_run = 0, -1, at), token,
       executor, 0
FROM each;

-- Successes without a result that were claimed together and ended together, in
-- rows as those of lease_range: `token` is that of the last, and those before it
-- count down from there. run_times: a JSON array, microseconds or null, in order.
CREATE TABLE task_end_range (
  of_run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 500),
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  token INTEGER NOT NULL CHECK (token >= count),
  executor INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  run_times TEXT NOT NULL,
  PRIMARY KEY (of_run, node, last)
) STRICT, WITHOUT ROWID;

CREATE INDEX task_end_range_by_run ON task_end_range (last) WHERE of_run = 0;

-- How every task ended, for those who look at all.
CREATE VIEW every_task_end AS
WITH RECURSIVE each (of_run, node, at, token, count) AS (
  SELECT of_run, node, last, token, count FROM task_end_range
  UNION ALL
  SELECT of_run, node, at - 1, token - 1, count - 1 FROM each WHERE count > 1
)
SELECT run, node, idx, token FROM task_end
UNION ALL
SELECT iif(of_run = 0, at, of_run), node, iif(of_run = 0, -1, at), token
FROM each;

DROP TRIGGER run_deleted;
CREATE TRIGGER run_deleted AFTER DELETE ON run BEGIN
  DELETE FROM task_end WHERE run = old.id;
  DELETE FROM task_end_range WHERE of_run = old.id;
  DELETE FROM attempt WHERE run = old.id;
  DELETE FROM expansion WHERE run = old.id;
  DELETE FROM saved WHERE run = old.id;
  DELETE FROM dead_letter WHERE run = old.id;
  DELETE FROM schedule_run WHERE run = old.id;
  DELETE FROM idempotency
  WHERE old.idempotency_key IS NOT NULL AND key = old.idempotency_key
    AND run = old.id
    AND workflow = (SELECT name FROM definition WHERE id = old.definition);
END;
