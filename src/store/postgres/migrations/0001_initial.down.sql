DROP VIEW every_ready, every_lease, idle_line, unclaimed_permit,
  unused_limiter;
DROP TABLE schedule_run, schedule, cache_flight, cache, dead_letter, saved,
  task_progress, expansion, attempt, task_end, heartbeat, executor, timer,
  cancel_command, lease_range, lease, parked, scheduled,
  ready, queue, lane, idempotency, tally, run, input, definition,
  identity, limit_line, blocked, permit, limit_start, limiter;
DROP SEQUENCE run_id, lease_token;
