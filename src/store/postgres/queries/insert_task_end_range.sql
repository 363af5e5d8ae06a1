INSERT INTO task_end_range (of_run, node, last, count, attempt, token, executor,
                            started_at, finished_at, run_times)
SELECT unnest(?1::bigint[]), unnest(?2::int[]), unnest(?3::bigint[]),
       unnest(?4::int[]), unnest(?5::int[]), unnest(?6::bigint[]),
       unnest(?7::bigint[]), unnest(?8::timestamptz[]),
       unnest(?9::timestamptz[]), unnest(?10::text[])
