INSERT INTO attempt_log (run, node, idx, attempt, token, place, written_at, last,
                         text)
SELECT * FROM unnest(?1::bigint[], ?2::int[], ?3::int[], ?4::int[],
                     ?5::bigint[], ?6::bigint[], ?7::timestamptz[],
                     ?8::boolean[], ?9::text[]) AS new(of_run)
WHERE EXISTS (SELECT FROM run WHERE run.id = new.of_run)
ON CONFLICT DO NOTHING
