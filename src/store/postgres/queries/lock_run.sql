SELECT id, definition, input, state, paused, attempt, created_at, started_at,
       finished_at, progress, reason, root, parent,
       CASE WHEN started_at IS NULL THEN
         (SELECT min(claimed_at) FROM lease WHERE lease.run = run.id) END
FROM run WHERE id = ?1
FOR UPDATE
