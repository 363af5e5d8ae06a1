SELECT id, host, pid, process_start, last_heartbeat + lease_ttl
FROM executor WHERE ended_at IS NULL ORDER BY id
