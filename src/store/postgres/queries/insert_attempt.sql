INSERT INTO attempt (run, token, node, idx, attempt, outcome, executor,
                     started_at, finished_at, error)
SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::int[], ?4::int[],
                     ?5::int[], ?6::smallint[], ?7::bigint[],
                     ?8::timestamptz[], ?9::timestamptz[], ?10::text[])
