SELECT blocked.node, blocked.idx, blocked.count, blocked.attempt, c.key, r.key,
       b.key
FROM blocked
LEFT JOIN limiter AS c ON c.id = blocked.concurrency
LEFT JOIN limiter AS r ON r.id = blocked.rate
LEFT JOIN limiter AS b ON b.id = blocked.circuit
WHERE blocked.run = ?1 AND (blocked.node, blocked.idx) >= (?2, ?3)
  AND blocked.node <= ?4 AND blocked.idx - blocked.count < ?5
