-- Instances of a mapped task that nobody has claimed yet and that share a row.
DELETE FROM ready
WHERE lane = ?1 AND rank = ?2 AND run = ?3 AND node = ?4 AND count > 1
RETURNING idx, count, attempt, failures, crashes, scheduled_at
