INSERT INTO run (id, definition, input, paused, created_at, idempotency_key,
                 root, parent, parent_node, parent_index, state, attempt)
SELECT unnest(?1::bigint[]), unnest(?2::bigint[]), unnest(?3::bigint[]),
       unnest(?4::boolean[]), unnest(?5::timestamptz[]), unnest(?6::text[]),
       unnest(?7::bigint[]), unnest(?8::bigint[]), unnest(?9::int[]),
       unnest(?10::int[]), 0, 1
