-- Instances that have succeeded (4) or been skipped (7).
SELECT idx FROM task_end
WHERE run = ?1 AND node = ?2 AND idx >= ?3 AND state IN (4, 7)
ORDER BY idx LIMIT ?4
