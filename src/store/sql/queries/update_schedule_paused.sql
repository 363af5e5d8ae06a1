UPDATE schedule SET paused = ?2, next_at = ?3, queued_at = NULL
WHERE workflow = ?1
