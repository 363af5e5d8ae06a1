-- What shares rows gets rows of its own again; rows about runs that have been
-- deleted are not needed.
DROP VIEW every_task_end;
INSERT INTO task_end (run, node, idx, attempt, token, executor, started_at,
                      finished_at, run_time, state, outcome, kind, size)
SELECT one.run, one.node, one.idx, one.attempt, one.token, one.executor,
       one.started_at, one.finished_at, one.run_time, 4, 0, 0, 0
FROM (
  SELECT CASE of_run WHEN 0 THEN at ELSE of_run END AS run, node,
         CASE of_run WHEN 0 THEN -1 ELSE at END AS idx, attempt,
         token - (last - at) AS token, executor, started_at, finished_at,
         (run_times::jsonb ->> (at - (last - count + 1))::int)::bigint
           AS run_time
  FROM task_end_range,
       LATERAL generate_series(last - count + 1, last) AS each (at)
) AS one
JOIN run ON run.id = one.run;
DROP TABLE task_end_range;

DROP VIEW every_lease;
INSERT INTO lease (run, node, idx, token, executor, attempt, failures, crashes,
                   scheduled_at, claimed_at)
SELECT of_run, node, one, token - (last - one), executor, attempt, failures,
       crashes, scheduled_at, claimed_at
FROM lease_range,
     LATERAL generate_series(last - count + 1, last) AS each (one)
WHERE of_run <> 0;
DELETE FROM lease_range WHERE of_run <> 0;

DROP INDEX lease_range_by_run;
ALTER TABLE lease_range DROP CONSTRAINT lease_range_pkey,
  ADD PRIMARY KEY (node, last);
ALTER TABLE lease_range DROP COLUMN of_run;
ALTER TABLE lease_range RENAME COLUMN last TO run;
ALTER TABLE lease_range RENAME COLUMN count TO runs;
CREATE INDEX lease_range_by_run ON lease_range (run);

CREATE VIEW every_lease AS
SELECT run, node, idx, token, executor, stopping FROM lease
UNION ALL
SELECT one, node, -1, token - (run - one), executor, false
FROM lease_range, LATERAL generate_series(run - runs + 1, run) AS each (one);
