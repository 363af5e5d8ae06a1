DROP TRIGGER run_deleted;
CREATE TRIGGER run_deleted AFTER DELETE ON run BEGIN
  DELETE FROM task_end WHERE run = old.id;
  DELETE FROM task_end_range WHERE of_run = old.id;
  DELETE FROM attempt WHERE run = old.id;
  DELETE FROM expansion WHERE run = old.id;
  DELETE FROM saved WHERE run = old.id;
  DELETE FROM dead_letter WHERE run = old.id;
  DELETE FROM schedule_run WHERE run = old.id;
  DELETE FROM idempotency
  WHERE old.idempotency_key IS NOT NULL AND key = old.idempotency_key
    AND run = old.id
    AND workflow = (SELECT name FROM definition WHERE id = old.definition);
END;
-- Who waits for a message is due when it would have waited for too long.
DROP TABLE callback;
