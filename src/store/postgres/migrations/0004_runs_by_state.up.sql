-- The state of a run that did not end well. Hardly any run changes it, so an index
-- may hold it: one that holds `state` would keep ends from being updates in place.
ALTER TABLE run ADD COLUMN bad_end smallint;
UPDATE run SET bad_end = state WHERE state > 1;
ALTER TABLE run ADD CHECK (
  bad_end IS NOT DISTINCT FROM CASE WHEN state > 1 THEN state END);

CREATE INDEX run_by_bad_end ON run (bad_end, id) WHERE bad_end IS NOT NULL;
CREATE INDEX run_paused ON run (id) WHERE paused;

-- What is shown of a run.
CREATE VIEW run_record AS
SELECT run.id, definition.name AS workflow, run.state, run.paused, input.params,
       input.labels, run.created_at,
       coalesce(run.started_at,
                (SELECT min(claimed_at)
                 FROM (SELECT claimed_at FROM lease WHERE lease.run = run.id
                       UNION ALL
                       SELECT claimed_at FROM lease_range AS held
                       WHERE held.of_run = run.id
                       UNION ALL
                       SELECT claimed_at FROM lease_range AS held
                       WHERE held.of_run = 0 AND held.last >= run.id
                         AND held.last < run.id + 500
                         AND held.last - held.count < run.id) AS claim))
         AS started_at,
       run.finished_at, run.attempt, run.reason, run.parent,
       run.idempotency_key, run.bad_end
FROM run
JOIN definition ON definition.id = run.definition
JOIN input ON input.id = run.input;
