SELECT node, idx, attempt FROM parked
WHERE run = ?1 AND (node, idx) >= (?2, ?3) AND (node, idx) <= (?4, ?5)
