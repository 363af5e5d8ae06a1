INSERT INTO task_end (run, node, idx, state, attempt, token, outcome, executor,
                      started_at, finished_at, run_time, kind, media_type, size,
                      sha256, encoding, value, uri, metadata, error,
                      cached_from)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
        ?17, ?18, ?19, ?20, ?21)
