-- In the order of their ids, which is the order in which all lock runs.
SELECT id, definition, input, state, paused, attempt, created_at, started_at,
       finished_at, progress, reason, root, parent
FROM run WHERE id = ANY (?1)
ORDER BY id
FOR UPDATE
