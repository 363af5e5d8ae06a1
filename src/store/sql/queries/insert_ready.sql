INSERT INTO ready (lane, rank, run, node, idx, count, attempt, failures,
                   crashes, scheduled_at, ready_at, runs, definition, input)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
