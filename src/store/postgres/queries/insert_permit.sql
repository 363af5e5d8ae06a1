INSERT INTO permit (run, node, idx, token, concurrency, rate, most, given_at)
SELECT * FROM unnest(?1::bigint[], ?2::int[], ?3::int[], ?4::bigint[],
                     ?5::bigint[], ?6::bigint[], ?7::int[], ?8::timestamptz[])
