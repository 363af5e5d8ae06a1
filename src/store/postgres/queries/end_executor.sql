UPDATE executor SET ended_at = ?2, lost = ?3
WHERE id = ?1 AND ended_at IS NULL
