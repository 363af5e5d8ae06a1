INSERT INTO expansion (run, node, count, attempt, executor, started_at, items)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
