-- The time, whether it is to drain and whether commands wait for it.
SELECT ?2, draining,
       EXISTS (SELECT 1 FROM cancel_command AS c WHERE c.executor = ?1)
FROM executor WHERE id = ?1 AND ended_at IS NULL
