SELECT id, definition, input, state, paused, attempt, created_at, started_at,
       finished_at, progress, reason, root, parent
FROM run WHERE id = ?1
