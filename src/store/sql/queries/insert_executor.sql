INSERT INTO executor (name, host, pid, process_start, profile, slots, queues,
                      types, lease_ttl, started_at, last_heartbeat)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)
RETURNING id
