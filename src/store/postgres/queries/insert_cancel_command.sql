INSERT INTO cancel_command (executor, token, run, node, idx, type, reason)
SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::int[],
                     ?5::int[], ?6::smallint[], ?7::text[])
ON CONFLICT DO NOTHING
