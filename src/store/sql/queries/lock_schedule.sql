SELECT definition, input, paused, next_at, queued_at, last_at, last_run,
       created_at
FROM schedule WHERE workflow = ?1
