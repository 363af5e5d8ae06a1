SELECT token, place, written_at, last, text FROM attempt_log
WHERE run = ?1 AND node = ?2 AND idx = ?3 AND attempt = ?4
  AND (token, place) >= (?5, ?6)
ORDER BY token, place LIMIT ?7
