SELECT id, host, pid, process_start,
       last_heartbeat + lease_ttl * interval '1 microsecond'
FROM executor JOIN heartbeat ON heartbeat.executor = executor.id
WHERE id = ?1 AND ended_at IS NULL
