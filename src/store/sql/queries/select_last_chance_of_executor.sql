-- Whether an executor holds a task that its next crash would fail.
SELECT 1 FROM lease
WHERE executor = ?1 AND crashes > 0 AND crashes >= ?2 LIMIT 1
