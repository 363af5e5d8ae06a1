INSERT INTO parked (run, node, idx, attempt, failures, crashes, scheduled_at,
                    wake_run, wake_key)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
