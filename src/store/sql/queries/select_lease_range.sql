-- The row that covers a task, if any does, is the first of its series that ends
-- there or later.
SELECT of_run, node, last, count, token, executor, attempt, failures, crashes,
       scheduled_at, claimed_at
FROM lease_range WHERE of_run = ?1 AND node = ?2 AND last >= ?3
ORDER BY last LIMIT 1
