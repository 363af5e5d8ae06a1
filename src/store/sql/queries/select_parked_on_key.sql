SELECT run, node, idx, attempt, failures, crashes, scheduled_at
FROM parked WHERE wake_key = ?1
