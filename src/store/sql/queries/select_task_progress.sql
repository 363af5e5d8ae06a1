SELECT node, idx, token, fraction, message FROM task_progress
WHERE run = ?1 AND (node, idx) >= (?2, ?3) AND (node, idx) <= (?4, ?5)
