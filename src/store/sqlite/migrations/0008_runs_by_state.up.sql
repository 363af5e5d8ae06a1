-- Runs that did not end well, and those that wait for someone, are few.
CREATE INDEX run_by_bad_end ON run (state) WHERE state > 1;
CREATE INDEX run_paused ON run (paused) WHERE paused = 1;

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
       run.idempotency_key
FROM run
JOIN definition ON definition.id = run.definition
JOIN input ON input.id = run.input;
