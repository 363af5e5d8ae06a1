SELECT lease.run, lease.node, lease.idx
FROM every_lease AS lease LEFT JOIN executor ON executor.id = lease.executor
WHERE executor.id IS NULL OR executor.ended_at IS NOT NULL LIMIT 100
