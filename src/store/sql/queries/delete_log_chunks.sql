DELETE FROM attempt_log
WHERE run = ?1 AND node = ?2 AND idx = ?3 AND attempt = ?4 AND token = ?5
  AND place >= ?6 AND place < ?7
