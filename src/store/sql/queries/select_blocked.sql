SELECT b.node, b.idx, b.count, b.attempt, c.key, r.key
FROM blocked AS b
LEFT JOIN limiter AS c ON c.id = b.concurrency
LEFT JOIN limiter AS r ON r.id = b.rate
WHERE b.run = ?1 AND (b.node, b.idx) >= (?2, ?3) AND b.node <= ?4
  AND b.idx - b.count < ?5
