-- Failed or cancelled ones: see select_run_records.sql.
SELECT id, workflow, state, paused, params, labels, created_at, started_at,
       finished_at, attempt, reason, parent, idempotency_key
FROM run_record
WHERE id < ?1 AND (?2 = '' OR workflow = ?2) AND state > 1 AND state = ?4
ORDER BY id DESC LIMIT ?3
