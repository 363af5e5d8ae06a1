SELECT token, executor, attempt, failures, crashes, scheduled_at, claimed_at,
       stopping
FROM lease WHERE run = ?1 AND node = ?2 AND idx = ?3
