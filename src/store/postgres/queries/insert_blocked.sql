INSERT INTO blocked (run, node, idx, count, concurrency, rate, circuit, turn,
                     lane, rank, attempt, failures, crashes, scheduled_at)
SELECT * FROM unnest(?1::bigint[], ?2::int[], ?3::int[], ?4::int[],
                     ?5::bigint[], ?6::bigint[], ?7::bigint[],
                     ?8::timestamptz[], ?9::int[], ?10::smallint[], ?11::int[],
                     ?12::int[], ?13::int[], ?14::timestamptz[])
