SELECT lane, rank, run, node, idx, count, attempt, failures, crashes,
       scheduled_at, ready_at, runs, definition, input
FROM ready
WHERE lane = ?1 AND rank = ?2 AND run = ?3
ORDER BY node, idx LIMIT ?4
FOR UPDATE SKIP LOCKED
