INSERT INTO ready (lane, rank, run, node, idx, count, attempt, failures,
                   crashes, scheduled_at, ready_at, runs, definition, input)
SELECT * FROM unnest(?1::int[], ?2::smallint[], ?3::bigint[], ?4::int[],
                     ?5::int[], ?6::int[], ?7::int[], ?8::int[], ?9::int[],
                     ?10::timestamptz[], ?11::timestamptz[], ?12::int[],
                     ?13::bigint[], ?14::bigint[])
