-- Rows stand for 500 tasks at the most.
SELECT l.of_run, l.node, l.last, l.count, l.token, l.attempt, l.claimed_at,
       executor.name
FROM lease_range AS l LEFT JOIN executor ON executor.id = l.executor
WHERE l.of_run = ?1
   OR (l.of_run = 0 AND l.last >= ?1 AND l.last < ?1 + 500
       AND l.last - l.count < ?1)
