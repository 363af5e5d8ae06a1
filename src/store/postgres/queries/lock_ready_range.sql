SELECT lane, rank, run, node, idx, count, attempt, failures, crashes,
       scheduled_at, ready_at, runs, definition, input
FROM ready
WHERE lane = ?1 AND rank = ?2 AND run = ?3 AND node = ?4 AND idx = -1
FOR UPDATE
