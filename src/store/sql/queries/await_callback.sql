UPDATE callback SET state = 1, waiting_since = ?2, expires_at = ?3
WHERE token = ?1
