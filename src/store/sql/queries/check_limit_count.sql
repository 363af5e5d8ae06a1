-- Limiters whose count of permits, of starts that are reserved, or of probes,
-- is wrong.
SELECT 0 AS run, -1 AS node, -1 AS idx
FROM limiter
WHERE taken <> CASE
  WHEN kind = 0 THEN
    (SELECT count(*) FROM permit WHERE concurrency = limiter.id)
  WHEN kind = 1 THEN
    (SELECT count(*) FROM permit WHERE rate = limiter.id AND token IS NULL)
  WHEN open_until IS NULL THEN 0
  ELSE (SELECT count(*) FROM permit
        WHERE circuit = limiter.id AND era = limiter.era) END
LIMIT 100
