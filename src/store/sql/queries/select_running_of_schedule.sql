SELECT run.id FROM schedule_run
JOIN run ON run.id = schedule_run.run
WHERE schedule_run.workflow = ?1 AND run.state = 0
ORDER BY run.id
