DELETE FROM schedule_run
WHERE workflow = ?1
  AND NOT EXISTS (SELECT 1 FROM run
                  WHERE run.id = schedule_run.run AND run.state = 0)
