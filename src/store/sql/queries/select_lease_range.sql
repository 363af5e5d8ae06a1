-- The row that covers a run of a node, if any does, is the first that ends there
-- or later.
SELECT node, run, runs, token, executor, attempt, failures, crashes,
       scheduled_at, claimed_at
FROM lease_range WHERE node = ?1 AND run >= ?2
ORDER BY run LIMIT 1
