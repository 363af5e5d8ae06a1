INSERT INTO permit (run, node, idx, token, concurrency, rate, circuit, era, most,
                    given_at)
SELECT * FROM unnest(?1::bigint[], ?2::int[], ?3::int[], ?4::bigint[],
                     ?5::bigint[], ?6::bigint[], ?7::bigint[], ?8::bigint[],
                     ?9::int[], ?10::timestamptz[])
