INSERT INTO task_end_range (of_run, node, last, count, attempt, token, executor,
                            started_at, finished_at, run_times)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
