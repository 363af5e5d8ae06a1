SELECT l.node, l.run, l.attempt, l.claimed_at, executor.name, l.token
FROM lease_range AS l LEFT JOIN executor ON executor.id = l.executor
WHERE l.run >= ?1 AND l.run < ?1 + 500 AND l.run - l.runs < ?1
