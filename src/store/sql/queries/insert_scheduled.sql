INSERT INTO scheduled (due_at, run, node, idx, attempt, failures, crashes,
                       scheduled_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
