INSERT INTO lease_range (node, run, runs, token, executor, attempt, failures,
                         crashes, scheduled_at, claimed_at)
SELECT * FROM unnest(?1::int[], ?2::bigint[], ?3::int[], ?4::bigint[],
                     ?5::bigint[], ?6::int[], ?7::int[], ?8::int[],
                     ?9::timestamptz[], ?10::timestamptz[])
