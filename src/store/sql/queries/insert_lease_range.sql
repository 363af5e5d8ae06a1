INSERT INTO lease_range (of_run, node, last, count, token, executor, attempt,
                         failures, crashes, scheduled_at, claimed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
