-- The living, and those that were lost since ?1.
SELECT id, name, host, pid, process_start, profile, slots, queues, types,
       lease_ttl, started_at, last_heartbeat,
       CASE WHEN ended_at IS NULL THEN busy_slots ELSE 0 END, draining,
       ended_at IS NULL
FROM executor JOIN heartbeat ON heartbeat.executor = executor.id
WHERE ended_at IS NULL OR (lost AND ended_at >= ?1)
ORDER BY id
