INSERT INTO task_end (run, node, idx, state, attempt, token, outcome, executor,
                      started_at, finished_at, run_time, kind, media_type, size,
                      sha256, encoding, value, uri, metadata, error,
                      cached_from)
SELECT unnest(?1::bigint[]), unnest(?2::int[]), unnest(?3::int[]),
       unnest(?4::smallint[]), unnest(?5::int[]), unnest(?6::bigint[]),
       unnest(?7::smallint[]), unnest(?8::bigint[]), unnest(?9::timestamptz[]),
       unnest(?10::timestamptz[]), unnest(?11::bigint[]),
       unnest(?12::smallint[]), unnest(?13::text[]), unnest(?14::bigint[]),
       unnest(?15::text[]), unnest(?16::text[]), unnest(?17::text[]),
       unnest(?18::text[]), unnest(?19::text[]), unnest(?20::text[]),
       unnest(?21::text[])
