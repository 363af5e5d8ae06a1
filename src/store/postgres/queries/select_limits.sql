-- What is in use: permits of a concurrency; of a rate the starts within the
-- period before ?1, and those reserved. When the bucket of a rate is full.
SELECT l.kind, l.key, l.most, l.period, l.taken, l.next_at,
       least(l.most, l.starts - coalesce((
         SELECT max(s.last) FROM limit_start AS s
         WHERE s.limiter = l.id
           AND s.started_at <=
             ?1::timestamptz - l.period * interval '1 microsecond'), 0)),
       coalesce(waiting.tasks, 0), l.threshold, l.allowed,
       CASE WHEN l.kind = 1 AND l.threshold > 0 THEN (
         SELECT s.started_at FROM limit_start AS s
         WHERE s.limiter = l.id ORDER BY s.last DESC LIMIT 1) END
FROM limiter AS l
LEFT JOIN (
  SELECT id, sum(count)::bigint AS tasks
  FROM (
    SELECT concurrency AS id, count FROM blocked
    UNION ALL SELECT rate, count FROM blocked
  ) AS key GROUP BY id
) AS waiting ON waiting.id = l.id
WHERE l.kind < 2
ORDER BY l.kind, l.key
