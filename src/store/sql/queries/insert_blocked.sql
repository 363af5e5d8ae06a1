INSERT INTO blocked (run, node, idx, count, concurrency, rate, circuit, turn,
                     lane, rank, attempt, failures, crashes, scheduled_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
