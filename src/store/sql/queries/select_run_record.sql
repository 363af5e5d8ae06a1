SELECT id, workflow, state, paused, params, labels, created_at, started_at,
       finished_at, attempt, reason, parent, idempotency_key
FROM run_record WHERE id = ?1
