INSERT INTO schedule_run (workflow, run) VALUES (?1, ?2)
