UPDATE notice SET due_at = ?2, tries = tries + 1
WHERE id IN (SELECT id FROM notice WHERE due_at <= ?1 ORDER BY id LIMIT ?3)
RETURNING id, at, tries, body
