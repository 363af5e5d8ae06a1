INSERT INTO task_end (run, node, idx, state, attempt, token, outcome, executor,
                      started_at, finished_at, run_time, kind, media_type, size,
                      sha256, encoding, value, uri, metadata, error,
                      cached_from)
SELECT * FROM unnest(?1::bigint[], ?2::int[], ?3::int[], ?4::smallint[],
                     ?5::int[], ?6::bigint[], ?7::smallint[], ?8::bigint[],
                     ?9::timestamptz[], ?10::timestamptz[], ?11::bigint[],
                     ?12::smallint[], ?13::text[], ?14::bigint[], ?15::text[],
                     ?16::text[], ?17::text[], ?18::text[], ?19::text[],
                     ?20::text[], ?21::text[])
