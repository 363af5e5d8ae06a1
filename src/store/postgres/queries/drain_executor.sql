UPDATE executor SET draining = true
WHERE name = ?1 AND ended_at IS NULL
