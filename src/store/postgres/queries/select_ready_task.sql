SELECT attempt, failures, crashes, scheduled_at FROM ready
WHERE lane = ?1 AND rank = ?2 AND run = ?3 AND node = ?4 AND idx = ?5
  AND count = 1
FOR UPDATE SKIP LOCKED
