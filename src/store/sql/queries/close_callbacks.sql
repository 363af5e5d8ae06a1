-- What has come is in the task's result, or of no use.
UPDATE callback SET closed = true, body = NULL
WHERE run = ?1 AND node = ?2 AND idx BETWEEN ?3 AND ?4 AND NOT closed
