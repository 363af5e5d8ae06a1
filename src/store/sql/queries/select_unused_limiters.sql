SELECT id FROM unused_limiter WHERE keep_until < ?1 LIMIT 100
