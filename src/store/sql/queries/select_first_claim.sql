-- Rows of lease_range stand for 500 runs at the most.
SELECT min(claimed_at)
FROM (
  SELECT claimed_at FROM lease WHERE run = ?1
  UNION ALL
  SELECT claimed_at FROM lease_range
  WHERE run >= ?1 AND run < ?1 + 500 AND run - runs < ?1
) AS held
