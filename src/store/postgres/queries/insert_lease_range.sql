INSERT INTO lease_range (of_run, node, last, count, token, executor, attempt,
                         failures, crashes, scheduled_at, claimed_at)
SELECT unnest(?1::bigint[]), unnest(?2::int[]), unnest(?3::bigint[]),
       unnest(?4::int[]), unnest(?5::bigint[]), unnest(?6::bigint[]),
       unnest(?7::int[]), unnest(?8::int[]), unnest(?9::int[]),
       unnest(?10::timestamptz[]), unnest(?11::timestamptz[])
