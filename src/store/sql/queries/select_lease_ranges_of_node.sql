SELECT of_run, node, last, count, token, executor, attempt, failures, crashes,
       scheduled_at, claimed_at
FROM lease_range WHERE of_run = ?1 AND node = ?2
