SELECT node, idx, 1, attempt, failures, crashes, scheduled_at
FROM parked WHERE run = ?1 AND node = ?2
