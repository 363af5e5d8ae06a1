INSERT INTO lease (run, node, idx, token, executor, attempt, failures, crashes,
                   scheduled_at, claimed_at)
SELECT unnest(?1::bigint[]), unnest(?2::int[]), unnest(?3::int[]),
       unnest(?4::bigint[]), unnest(?5::bigint[]), unnest(?6::int[]),
       unnest(?7::int[]), unnest(?8::int[]), unnest(?9::timestamptz[]),
       unnest(?10::timestamptz[])
