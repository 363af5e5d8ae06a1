-- The living, and those that were lost since ?1.
SELECT id, name, host, pid, process_start, profile, slots, queues, types,
       lease_ttl, started_at, last_heartbeat, busy_slots, draining,
       ended_at IS NULL
FROM executor WHERE ended_at IS NULL OR (lost AND ended_at >= ?1)
ORDER BY id
