-- A lane's tasks in the order of claiming, from after a key on.
SELECT lane, rank, run, node, idx, count, attempt, failures, crashes,
       scheduled_at, ready_at, runs, definition, input
FROM ready
WHERE lane = ?1 AND (rank, run, node, idx) > (?2, ?3, ?4, ?5)
ORDER BY rank, run, node, idx LIMIT ?6
