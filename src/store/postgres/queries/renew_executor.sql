-- Yields the time, whether it is to drain and whether commands wait for it.
UPDATE heartbeat
SET last_heartbeat = coalesce(?2, clock_timestamp()), busy_slots = ?3
FROM executor
WHERE executor.id = ?1 AND executor.ended_at IS NULL
  AND heartbeat.executor = executor.id
RETURNING heartbeat.last_heartbeat, heartbeat.draining,
          EXISTS (SELECT 1 FROM cancel_command AS c WHERE c.executor = ?1)
