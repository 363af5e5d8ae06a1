SELECT id, host, pid, process_start, last_heartbeat + lease_ttl
FROM executor WHERE id = ?1 AND ended_at IS NULL
