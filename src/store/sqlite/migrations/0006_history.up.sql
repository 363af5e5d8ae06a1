-- What belongs to a run goes with it.
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

-- How many tasks and runs are where. `which` is for what 0, claimable tasks: their
-- lane; 1, leased ones, and 2, those that wait for their time or a permit: a
-- definition, beside its node; 3, runs: a state.
CREATE TABLE tally (
  what INTEGER NOT NULL CHECK (what BETWEEN 0 AND 3),
  which INTEGER NOT NULL,
  node INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (what, which, node)
) STRICT, WITHOUT ROWID;

INSERT INTO tally
SELECT 0, abs(lane), -1, sum(count * runs) FROM ready GROUP BY abs(lane)
UNION ALL
SELECT 1, run.definition, held.node, sum(held.runs)
FROM (SELECT run, node, 1 AS runs FROM lease
      UNION ALL SELECT run, node, runs FROM lease_range) AS held
JOIN run ON run.id = held.run GROUP BY run.definition, held.node
UNION ALL
SELECT 2, run.definition, waiting.node, sum(waiting.count)
FROM (SELECT run, node, 1 AS count FROM scheduled
      UNION ALL SELECT run, node, count FROM blocked) AS waiting
JOIN run ON run.id = waiting.run GROUP BY run.definition, waiting.node
UNION ALL
SELECT 3, state, -1, count(*) FROM run GROUP BY state;

ALTER TABLE sequence DROP COLUMN unfinished;
