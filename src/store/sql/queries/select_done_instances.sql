-- Instances that have succeeded (4) or been skipped (7), first and last of each
-- row.
SELECT idx, until
FROM (
  SELECT * FROM (
    SELECT idx, idx AS until FROM task_end
    WHERE run = ?1 AND node = ?2 AND idx >= ?3 AND state IN (4, 7)
    ORDER BY idx LIMIT ?4) AS one
  UNION ALL
  SELECT * FROM (
    SELECT last - count + 1 AS idx, last AS until FROM task_end_range
    WHERE of_run = ?1 AND node = ?2 AND last >= ?3
    ORDER BY last LIMIT ?4) AS shared
) AS done
ORDER BY idx LIMIT ?4
