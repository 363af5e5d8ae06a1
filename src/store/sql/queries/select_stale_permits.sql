-- Reserved at ?1 or before, and nobody has claimed the task.
SELECT permit.run, permit.node, permit.idx, permit.concurrency, permit.rate
FROM permit
LEFT JOIN lease ON lease.run = permit.run AND lease.node = permit.node
 AND lease.idx = permit.idx
WHERE permit.token IS NULL AND permit.given_at <= ?1 AND lease.run IS NULL
ORDER BY permit.given_at LIMIT 100
