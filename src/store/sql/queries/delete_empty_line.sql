DELETE FROM limit_line
WHERE concurrency = ?1 AND rate = ?2 AND circuit = ?3 AND NOT EXISTS (
  SELECT 1 FROM blocked
  WHERE blocked.concurrency = ?1 AND blocked.rate = ?2
    AND blocked.circuit = ?3)
