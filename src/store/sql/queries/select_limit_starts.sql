-- The latest; then from number ?2 on, at most ?3 of them, in order.
SELECT last, started_at FROM (
  SELECT last, started_at FROM limit_start
  WHERE limiter = ?1 ORDER BY last DESC LIMIT 1) AS latest
UNION ALL
SELECT last, started_at FROM (
  SELECT last, started_at FROM limit_start
  WHERE limiter = ?1 AND last >= ?2 ORDER BY last LIMIT ?3) AS needed
