UPDATE executor SET last_heartbeat = ?2, busy_slots = ?3
WHERE id = ?1 AND ended_at IS NULL
