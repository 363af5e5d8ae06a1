INSERT INTO run (id, definition, input, state, paused, attempt, created_at,
                 idempotency_key, root, parent, parent_node, parent_index)
SELECT id, definition, input, 0, paused, 1, created_at, idempotency_key, root,
       parent, parent_node, parent_index
FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::boolean[],
            ?5::timestamptz[], ?6::text[], ?7::bigint[], ?8::bigint[],
            ?9::int[], ?10::int[])
  AS new (id, definition, input, paused, created_at, idempotency_key, root,
          parent, parent_node, parent_index)
