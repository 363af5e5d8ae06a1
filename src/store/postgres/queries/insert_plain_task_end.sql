-- A success without a result: most columns say nothing.
INSERT INTO task_end (run, node, idx, attempt, token, executor, started_at,
                      finished_at, run_time, state, outcome, kind, size)
SELECT unnest(?1::bigint[]), unnest(?2::int[]), unnest(?3::int[]),
       unnest(?4::int[]), unnest(?5::bigint[]), unnest(?6::bigint[]),
       unnest(?7::timestamptz[]), unnest(?8::timestamptz[]),
       unnest(?9::bigint[]), 4, 0, 0, 0
