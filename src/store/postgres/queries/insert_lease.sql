INSERT INTO lease (run, node, idx, token, executor, attempt, failures, crashes,
                   scheduled_at, claimed_at)
SELECT * FROM unnest(?1::bigint[], ?2::int[], ?3::int[], ?4::bigint[],
                     ?5::bigint[], ?6::int[], ?7::int[], ?8::int[],
                     ?9::timestamptz[], ?10::timestamptz[])
