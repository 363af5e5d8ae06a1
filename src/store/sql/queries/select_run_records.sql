-- ?1: id below; ?2: workflow name or ''; ?3: how many; ?4: state or NULL.
SELECT id, workflow, state, paused, params, labels, created_at, started_at,
       finished_at, attempt, reason, parent, idempotency_key
FROM run_record
WHERE id < ?1 AND (?2 = '' OR workflow = ?2) AND (?4 IS NULL OR state = ?4)
ORDER BY id DESC LIMIT ?3
