SELECT node, idx, waiting_since FROM callback
WHERE run = ?1 AND (node, idx) >= (?2, ?3) AND (node, idx) <= (?4, ?5)
  AND state = 1 AND NOT closed
