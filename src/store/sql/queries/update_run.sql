UPDATE run SET state = ?2, paused = ?3, attempt = ?4, started_at = ?5,
               finished_at = ?6, progress = ?7, reason = ?8
WHERE id = ?1
