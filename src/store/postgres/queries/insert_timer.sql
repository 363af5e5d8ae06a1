INSERT INTO timer (due_at, run, node, first, last, kind)
SELECT * FROM unnest(?1::timestamptz[], ?2::bigint[], ?3::int[], ?4::int[],
                     ?5::int[], ?6::smallint[])
ON CONFLICT DO NOTHING
