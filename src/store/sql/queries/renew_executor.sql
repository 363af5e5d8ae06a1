-- Yields the time, whether it is to drain and whether commands wait for it.
UPDATE executor SET last_heartbeat = ?2, busy_slots = ?3
WHERE id = ?1 AND ended_at IS NULL
RETURNING last_heartbeat, draining,
          EXISTS (SELECT 1 FROM cancel_command AS c WHERE c.executor = ?1)
