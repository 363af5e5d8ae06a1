SELECT idx, count, attempt, failures, crashes, scheduled_at, ready_at
FROM ready
WHERE lane = ?1 AND rank = ?2 AND run = ?3 AND node = ?4 AND idx >= ?5
  AND idx - count < ?6
