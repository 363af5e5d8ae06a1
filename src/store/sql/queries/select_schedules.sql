SELECT schedule.definition, schedule.input, paused, next_at, queued_at, last_at,
       last_run, created_at, workflow, input.params
FROM schedule
JOIN input ON input.id = schedule.input
ORDER BY workflow
