SELECT attempt, failures, crashes, scheduled_at FROM scheduled
WHERE run = ?1 AND node = ?2 AND idx = ?3
