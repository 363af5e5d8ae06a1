SELECT l.key, l.failures, l.threshold, l.period, l.most, l.taken, l.open_until,
       coalesce(waiting.tasks, 0)
FROM limiter AS l
LEFT JOIN (
  SELECT circuit, CAST(sum(count) AS bigint) AS tasks FROM blocked
  WHERE circuit <> 0 GROUP BY circuit
) AS waiting ON waiting.circuit = l.id
WHERE l.kind = 2
ORDER BY l.key
