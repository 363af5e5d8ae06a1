SELECT l.node, l.idx, l.token, l.attempt, l.claimed_at, executor.name
FROM lease AS l LEFT JOIN executor ON executor.id = l.executor
WHERE l.run = ?1 AND (l.node, l.idx) >= (?2, ?3) AND (l.node, l.idx) <= (?4, ?5)
