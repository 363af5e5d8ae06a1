INSERT INTO blocked (run, node, idx, count, concurrency, rate, turn, lane, rank,
                     attempt, failures, crashes, scheduled_at)
SELECT * FROM unnest(?1::bigint[], ?2::int[], ?3::int[], ?4::int[],
                     ?5::bigint[], ?6::bigint[], ?7::timestamptz[], ?8::int[],
                     ?9::smallint[], ?10::int[], ?11::int[], ?12::int[],
                     ?13::timestamptz[])
