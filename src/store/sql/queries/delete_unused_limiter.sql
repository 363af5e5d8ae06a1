DELETE FROM limiter
WHERE id = ?1 AND keep_until < ?2 AND taken = 0
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE concurrency = limiter.id)
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE rate = limiter.id)
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE circuit = limiter.id)
