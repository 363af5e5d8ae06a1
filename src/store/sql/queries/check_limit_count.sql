-- Limiters whose count of permits, or of starts that are reserved, is wrong.
SELECT 0 AS run, -1 AS node, -1 AS idx
FROM limiter
WHERE taken <> CASE kind
  WHEN 0 THEN (SELECT count(*) FROM permit WHERE concurrency = limiter.id)
  ELSE (SELECT count(*) FROM permit
        WHERE rate = limiter.id AND token IS NULL) END
LIMIT 100
