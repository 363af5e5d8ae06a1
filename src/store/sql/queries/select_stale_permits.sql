-- Reserved at ?1 or before.
SELECT run, node, idx, concurrency, rate, circuit FROM unclaimed_permit
WHERE given_at <= ?1 ORDER BY given_at LIMIT 100
