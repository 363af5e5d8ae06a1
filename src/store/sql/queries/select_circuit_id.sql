SELECT id FROM limiter WHERE kind = 2 AND key = ?1
