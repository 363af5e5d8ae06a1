SELECT id, host, pid, process_start,
       last_heartbeat + lease_ttl * interval '1 microsecond'
FROM executor WHERE ended_at IS NULL ORDER BY id
