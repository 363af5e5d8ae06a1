SELECT node, run, runs, token, executor, attempt, failures, crashes,
       scheduled_at, claimed_at
FROM lease_range WHERE node = ?1 AND run = ?2
FOR UPDATE
