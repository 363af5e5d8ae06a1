-- The history of tasks is in parts, by the ids of the runs, which is by the time
-- they were made: a part of which no run is left is dropped, which costs the same
-- whatever was in it. What is in no part yet is in the default one.
CREATE TABLE history_part (
  first bigint PRIMARY KEY,
  last bigint NOT NULL CHECK (last >= first),
  made_at timestamptz NOT NULL,
  -- When it was seen that all of its ids have been given to runs.
  full_at timestamptz,
  -- What is pruned stays in it until it is dropped.
  whole boolean NOT NULL DEFAULT false CHECK (NOT whole OR full_at IS NOT NULL)
);

INSERT INTO history_part (first, last, made_at)
SELECT 1, last_value + 4194304, now() FROM run_id;

DROP VIEW every_task_end;

ALTER TABLE task_end RENAME TO task_end_1;
ALTER INDEX task_end_pkey RENAME TO task_end_1_pkey;
CREATE TABLE task_end (LIKE task_end_1 INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
PARTITION BY RANGE (run);
ALTER TABLE task_end ADD PRIMARY KEY (run, node, idx);
CREATE TABLE task_end_default PARTITION OF task_end DEFAULT
WITH (autovacuum_vacuum_insert_scale_factor = 0.5);

ALTER TABLE attempt RENAME TO attempt_1;
ALTER INDEX attempt_pkey RENAME TO attempt_1_pkey;
CREATE TABLE attempt (LIKE attempt_1 INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
PARTITION BY RANGE (run);
ALTER TABLE attempt ADD PRIMARY KEY (run, token);
CREATE TABLE attempt_default PARTITION OF attempt DEFAULT;

DO $$
DECLARE
  beyond bigint := (SELECT last + 1 FROM history_part);
BEGIN
  EXECUTE format('ALTER TABLE task_end ATTACH PARTITION task_end_1
                  FOR VALUES FROM (MINVALUE) TO (%s)', beyond);
  EXECUTE format('ALTER TABLE attempt ATTACH PARTITION attempt_1
                  FOR VALUES FROM (MINVALUE) TO (%s)', beyond);
END $$;

CREATE VIEW every_task_end AS
SELECT run, node, idx, token FROM task_end
UNION ALL
SELECT CASE of_run WHEN 0 THEN one ELSE of_run END, node,
       CASE of_run WHEN 0 THEN -1 ELSE one::int END, token - (last - one)
FROM task_end_range,
     LATERAL generate_series(last - count + 1, last) AS each (one);

-- Makes the part that comes next, before it is needed and with room for an eighth
-- of the time for which history is kept.
CREATE FUNCTION make_history_part(at timestamptz, kept interval) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  fewest CONSTANT bigint := 1 << 20;
  most CONSTANT bigint := 1::bigint << 36;
  given bigint := (SELECT last_value FROM run_id);
  newest history_part := (SELECT part FROM history_part AS part
                          ORDER BY first DESC LIMIT 1);
  begun timestamptz := (SELECT max(full_at) FROM history_part);
  seconds double precision;
  width bigint;
  beginning bigint;
  name text;
BEGIN
  IF given < newest.first + (newest.last - newest.first) / 2 THEN
    RETURN;
  END IF;
  seconds := greatest(
    extract(epoch FROM at - greatest(begun, newest.made_at)), 1);
  width := greatest(fewest, least(most, (given - newest.first) / seconds
                                        * extract(epoch FROM kept) / 8));
  -- Ids that have been given out, or soon will be, may be in the default one.
  beginning := newest.last + 1;
  IF given >= beginning THEN
    beginning := given + greatest(fewest, width / 8);
  END IF;
  FOREACH name IN ARRAY ARRAY['task_end', 'attempt'] LOOP
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS
                                              INCLUDING CONSTRAINTS)
                    WITH (autovacuum_vacuum_insert_scale_factor = 0.5)',
                   name || '_' || beginning, name);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I
                    FOR VALUES FROM (%s) TO (%s)',
                   name, name || '_' || beginning, beginning, beginning + width);
  END LOOP;
  INSERT INTO history_part (first, last, made_at)
  VALUES (beginning, beginning + width - 1, at);
END $$;

-- Whoever prunes tends the parts, one at a time. Locks that others keep for more
-- than a moment are for the next time, and so is all of it for a role that does
-- not own the tables: the default part serves, and rows are deleted one by one.
CREATE FUNCTION tend_history(at timestamptz, kept interval) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  part history_part;
BEGIN
  IF NOT pg_try_advisory_xact_lock('history_part'::regclass::oid::bigint) THEN
    RETURN;
  END IF;
  PERFORM set_config('lock_timeout', '500ms', true);
  PERFORM make_history_part(at, kept);
  -- A part that took long to fill is not kept until the last of it may go.
  UPDATE history_part AS filled
  SET full_at = at,
      whole = at - greatest(made_at, (SELECT max(full_at) FROM history_part
                                      WHERE first < filled.first)) <= kept / 4
  WHERE full_at IS NULL AND last <= (SELECT last_value FROM run_id);
  FOR part IN SELECT * FROM history_part WHERE whole LOOP
    CONTINUE WHEN EXISTS (SELECT FROM run
                          WHERE id BETWEEN part.first AND part.last);
    EXECUTE format('DROP TABLE %I, %I', 'task_end_' || part.first,
                   'attempt_' || part.first);
    DELETE FROM history_part WHERE first = part.first;
  END LOOP;
EXCEPTION
  WHEN lock_not_available OR insufficient_privilege THEN
    RETURN;
END $$;
