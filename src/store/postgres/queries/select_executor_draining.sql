SELECT heartbeat.draining
FROM executor JOIN heartbeat ON heartbeat.executor = executor.id
WHERE executor.id = ?1 AND executor.ended_at IS NULL
