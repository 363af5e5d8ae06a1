-- Rows of lease_range stand for 500 runs at the most.
SELECT min(claimed_at)
FROM (
  SELECT claimed_at FROM lease WHERE run = ?1
  UNION ALL
  SELECT claimed_at FROM lease_range WHERE of_run = ?1
  UNION ALL
  SELECT claimed_at FROM lease_range
  WHERE of_run = 0 AND last >= ?1 AND last < ?1 + 500 AND last - count < ?1
) AS held
