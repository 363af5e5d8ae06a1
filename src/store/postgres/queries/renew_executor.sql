UPDATE heartbeat SET last_heartbeat = ?2, busy_slots = ?3
FROM executor
WHERE executor.id = ?1 AND executor.ended_at IS NULL
  AND heartbeat.executor = executor.id
