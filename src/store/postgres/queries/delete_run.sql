-- Runs and all that belongs to them, but for the history in parts that are to be
-- dropped as a whole.
WITH gone AS (SELECT unnest(?1::bigint[]) AS run),
single AS (
  SELECT run FROM gone
  WHERE NOT EXISTS (SELECT FROM history_part
                    WHERE whole AND gone.run BETWEEN first AND last)),
ends AS (DELETE FROM task_end USING single WHERE task_end.run = single.run),
attempts AS (DELETE FROM attempt USING single WHERE attempt.run = single.run),
ranges AS (
  DELETE FROM task_end_range USING gone WHERE task_end_range.of_run = gone.run),
expansions AS (DELETE FROM expansion USING gone WHERE expansion.run = gone.run),
states AS (DELETE FROM saved USING gone WHERE saved.run = gone.run),
addresses AS (DELETE FROM callback USING gone WHERE callback.run = gone.run),
letters AS (DELETE FROM dead_letter USING gone WHERE dead_letter.run = gone.run),
started AS (DELETE FROM schedule_run USING gone WHERE schedule_run.run = gone.run),
logs AS (DELETE FROM attempt_log USING gone WHERE attempt_log.run = gone.run),
keys AS (
  DELETE FROM idempotency USING gone, run, definition
  WHERE run.id = gone.run AND run.idempotency_key IS NOT NULL
    AND definition.id = run.definition
    AND idempotency.workflow = definition.name
    AND idempotency.key = run.idempotency_key AND idempotency.run = run.id)
DELETE FROM run USING gone WHERE run.id = gone.run
