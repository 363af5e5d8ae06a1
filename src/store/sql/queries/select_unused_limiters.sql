SELECT id FROM limiter
WHERE keep_until < ?1 AND taken = 0
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE concurrency = limiter.id)
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE rate = limiter.id)
LIMIT 100
