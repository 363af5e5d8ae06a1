SELECT 1 FROM executor WHERE id = ?1 AND ended_at IS NULL
