SELECT node, idx, attempt, due_at FROM scheduled
WHERE run = ?1 AND (node, idx) >= (?2, ?3) AND (node, idx) <= (?4, ?5)
