-- A success without a result: most columns say nothing.
INSERT INTO task_end (run, node, idx, attempt, token, executor, started_at,
                      finished_at, run_time, state, outcome, kind, size)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 4, 0, 0, 0)
