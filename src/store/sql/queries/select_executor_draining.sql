SELECT draining FROM executor WHERE id = ?1 AND ended_at IS NULL
