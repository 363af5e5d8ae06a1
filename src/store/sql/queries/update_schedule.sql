UPDATE schedule SET next_at = ?2, queued_at = ?3, last_at = ?4, last_run = ?5
WHERE workflow = ?1
