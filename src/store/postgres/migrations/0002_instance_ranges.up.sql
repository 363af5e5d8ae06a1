-- Running attempts of a map's instances share rows as those of consecutive runs
-- do. A row is about `count` tasks of `node`, the last of which is `last`: where
-- `of_run` is 0, the task without an index of as many consecutive runs; elsewhere
-- instances of that run.
DROP VIEW every_lease;

ALTER TABLE lease_range RENAME COLUMN run TO last;
ALTER TABLE lease_range RENAME COLUMN runs TO count;
ALTER TABLE lease_range ADD COLUMN of_run bigint NOT NULL DEFAULT 0;
ALTER TABLE lease_range DROP CONSTRAINT lease_range_pkey,
  ADD PRIMARY KEY (of_run, node, last);
DROP INDEX lease_range_by_run;
CREATE INDEX lease_range_by_run ON lease_range (last) WHERE of_run = 0;

CREATE VIEW every_lease AS
SELECT run, node, idx, token, executor, stopping FROM lease
UNION ALL
SELECT CASE of_run WHEN 0 THEN one ELSE of_run END, node,
       CASE of_run WHEN 0 THEN -1 ELSE one::int END, token - (last - one),
       executor, false
FROM lease_range,
     LATERAL generate_series(last - count + 1, last) AS each (one);

-- Successes without a result that were claimed together and ended together, in
-- rows as those of lease_range: `token` is that of the last, and those before it
-- count down from there. run_times: a JSON array, microseconds or null, in order.
CREATE TABLE task_end_range (
  of_run bigint NOT NULL,
  node int NOT NULL,
  last bigint NOT NULL,
  count int NOT NULL CHECK (count BETWEEN 1 AND 500),
  attempt int NOT NULL CHECK (attempt >= 1),
  token bigint NOT NULL CHECK (token >= count),
  executor bigint NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  run_times text NOT NULL,
  PRIMARY KEY (of_run, node, last)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.5);

CREATE INDEX task_end_range_by_run ON task_end_range (last) WHERE of_run = 0;

-- How every task ended, for those who look at all.
CREATE VIEW every_task_end AS
SELECT run, node, idx, token FROM task_end
UNION ALL
SELECT CASE of_run WHEN 0 THEN one ELSE of_run END, node,
       CASE of_run WHEN 0 THEN -1 ELSE one::int END, token - (last - one)
FROM task_end_range,
     LATERAL generate_series(last - count + 1, last) AS each (one);
