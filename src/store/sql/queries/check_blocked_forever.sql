-- Tasks whose limiters are gone, or which no line lists.
SELECT blocked.run, blocked.node, blocked.idx
FROM blocked
LEFT JOIN limiter AS c ON c.id = blocked.concurrency
LEFT JOIN limiter AS r ON r.id = blocked.rate
LEFT JOIN limiter AS b ON b.id = blocked.circuit
LEFT JOIN limit_line AS line ON line.concurrency = blocked.concurrency
 AND line.rate = blocked.rate AND line.circuit = blocked.circuit
WHERE line.rate IS NULL
   OR (blocked.concurrency <> 0 AND c.id IS NULL)
   OR (blocked.rate <> 0 AND r.id IS NULL)
   OR (blocked.circuit <> 0 AND b.id IS NULL)
LIMIT 100
