-- Failed or cancelled ones: see select_run_records.sql.
SELECT id, workflow, state, paused, params, labels, created_at, started_at,
       finished_at, attempt, reason, parent, idempotency_key
FROM run_record
WHERE id < ?1 AND (?2::text = '' OR workflow = ?2::text)
  AND bad_end = ?4::smallint
ORDER BY id DESC LIMIT ?3
