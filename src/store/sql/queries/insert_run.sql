INSERT INTO run (id, definition, input, state, paused, attempt, created_at,
                 idempotency_key, root, parent, parent_node, parent_index)
VALUES (?1, ?2, ?3, 0, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10)
