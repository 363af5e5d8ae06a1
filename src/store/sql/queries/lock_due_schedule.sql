-- Nothing when another sweeper has dealt with it.
SELECT definition, input, paused, next_at, queued_at, last_at, last_run,
       created_at
FROM schedule
WHERE workflow = ?1 AND NOT paused
  AND (next_at <= ?2 OR queued_at IS NOT NULL)
