WITH new AS (
  INSERT INTO executor (name, host, pid, process_start, profile, slots, queues,
                        types, lease_ttl, started_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
  RETURNING id, started_at
)
INSERT INTO heartbeat (executor, last_heartbeat)
SELECT id, started_at FROM new RETURNING executor
