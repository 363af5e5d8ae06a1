-- The time, whether it is to drain and whether commands wait for it.
SELECT coalesce(?2::timestamptz, clock_timestamp()), heartbeat.draining,
       EXISTS (SELECT 1 FROM cancel_command AS c WHERE c.executor = ?1)
FROM executor JOIN heartbeat ON heartbeat.executor = executor.id
WHERE executor.id = ?1 AND executor.ended_at IS NULL
