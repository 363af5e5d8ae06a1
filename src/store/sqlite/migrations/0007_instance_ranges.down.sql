-- What shares rows gets rows of its own again; rows about runs that have been
-- deleted are not needed.
DROP TRIGGER run_deleted;
DROP VIEW every_task_end;
INSERT INTO task_end (run, node, idx, attempt, token, executor, started_at,
                      finished_at, run_time, state, outcome, kind, size)
WITH RECURSIVE each AS (
  SELECT of_run, node, last AS at, attempt, token, executor, started_at,
         finished_at, run_times, count
  FROM task_end_range
  UNION ALL
  SELECT of_run, node, at - 1, attempt, token - 1, executor, started_at,
         finished_at, run_times, count - 1
  FROM each WHERE count > 1
)
SELECT iif(of_run = 0, at, of_run), node, iif(of_run = 0, -1, at), attempt,
       token, executor, started_at, finished_at,
       json_extract(run_times, '$[' || (count - 1) || ']'), 4, 0, 0, 0
FROM each
WHERE iif(of_run = 0, at, of_run) IN (SELECT id FROM run);
DROP TABLE task_end_range;

DROP VIEW every_lease;
INSERT INTO lease (run, node, idx, token, executor, attempt, failures, crashes,
                   scheduled_at, claimed_at)
WITH RECURSIVE each AS (
  SELECT of_run, node, last AS at, token, executor, attempt, failures, crashes,
         scheduled_at, claimed_at, count
  FROM lease_range WHERE of_run <> 0
  UNION ALL
  SELECT of_run, node, at - 1, token - 1, executor, attempt, failures, crashes,
         scheduled_at, claimed_at, count - 1
  FROM each WHERE count > 1
)
SELECT of_run, node, at, token, executor, attempt, failures, crashes,
       scheduled_at, claimed_at
FROM each;

CREATE TABLE lease_range_of_runs (
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
INSERT INTO lease_range_of_runs
SELECT node, last, count, token, executor, attempt, failures, crashes,
       scheduled_at, claimed_at
FROM lease_range WHERE of_run = 0;
DROP TABLE lease_range;
ALTER TABLE lease_range_of_runs RENAME TO lease_range;
CREATE INDEX lease_range_by_run ON lease_range (run);

CREATE VIEW every_lease AS
WITH RECURSIVE each (run, node, token, executor, runs) AS (
  SELECT run, node, token, executor, runs FROM lease_range
  UNION ALL
  SELECT run - 1, node, token - 1, executor, runs - 1 FROM each WHERE runs > 1
)
SELECT run, node, idx, token, executor, stopping FROM lease
UNION ALL
SELECT run, node, -1, token, executor, 0 FROM each;

CREATE TRIGGER run_deleted AFTER DELETE ON run BEGIN
  DELETE FROM task_end WHERE run = old.id;
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
