UPDATE heartbeat SET draining = true
FROM executor
WHERE executor.name = ?1 AND executor.ended_at IS NULL
  AND heartbeat.executor = executor.id
