UPDATE executor SET draining = 1 WHERE name = ?1 AND ended_at IS NULL
