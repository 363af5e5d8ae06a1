-- From number ?2 on, at most ?3 of them and the latest.
SELECT last, started_at FROM (
  SELECT last, started_at FROM limit_start
  WHERE limiter = ?1 AND last >= ?2 ORDER BY last LIMIT ?3) AS needed
UNION
SELECT last, started_at FROM limit_start
WHERE limiter = ?1
  AND last = (SELECT max(last) FROM limit_start WHERE limiter = ?1)
ORDER BY 1
