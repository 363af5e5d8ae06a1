INSERT OR IGNORE INTO timer (due_at, run, node, first, last, kind)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
