UPDATE executor SET ended_at = ?2, lost = ?3, busy_slots = 0
WHERE id = ?1 AND ended_at IS NULL
