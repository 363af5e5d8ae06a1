-- ?1: id below; ?2: workflow name or ''; ?3: state or NULL; ?4: paused or NULL.
SELECT run.id, definition.name, run.state, run.paused, input.params,
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
                         AND held.last - held.count < run.id) AS claim)),
       run.finished_at, run.attempt, run.reason, run.parent,
       run.idempotency_key
FROM run
JOIN definition ON definition.id = run.definition
JOIN input ON input.id = run.input
WHERE run.id < ?1
  AND (?2::text = ''
       OR run.definition IN (SELECT id FROM definition WHERE name = ?2::text))
  AND (?3::smallint IS NULL OR run.state = ?3::smallint)
  AND (?4::boolean IS NULL OR run.paused = ?4::boolean)
ORDER BY run.id DESC LIMIT ?5
