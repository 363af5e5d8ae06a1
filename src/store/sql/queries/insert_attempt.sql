INSERT INTO attempt (run, token, node, idx, attempt, outcome, executor,
                     started_at, finished_at, error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
