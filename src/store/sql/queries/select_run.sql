SELECT id, definition, input, state, paused, attempt, created_at, started_at,
       finished_at, progress, reason, root, parent, NULL
FROM run WHERE id = ?1
