INSERT INTO lease_range (node, run, runs, token, executor, attempt, failures,
                         crashes, scheduled_at, claimed_at)
SELECT unnest(?1::int[]), unnest(?2::bigint[]), unnest(?3::int[]),
       unnest(?4::bigint[]), unnest(?5::bigint[]), unnest(?6::int[]),
       unnest(?7::int[]), unnest(?8::int[]), unnest(?9::timestamptz[]),
       unnest(?10::timestamptz[])
