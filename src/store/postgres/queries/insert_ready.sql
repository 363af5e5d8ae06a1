INSERT INTO ready (lane, rank, run, node, idx, count, attempt, failures,
                   crashes, scheduled_at, ready_at, runs, definition, input)
SELECT unnest(?1::int[]), unnest(?2::smallint[]), unnest(?3::bigint[]),
       unnest(?4::int[]), unnest(?5::int[]), unnest(?6::int[]),
       unnest(?7::int[]), unnest(?8::int[]), unnest(?9::int[]),
       unnest(?10::timestamptz[]), unnest(?11::timestamptz[]),
       unnest(?12::int[]), unnest(?13::bigint[]), unnest(?14::bigint[])
