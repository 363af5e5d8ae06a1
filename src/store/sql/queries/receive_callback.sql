UPDATE callback
SET state = 2, received_at = ?2, message_id = ?3, sha256 = ?4, body = ?5
WHERE token = ?1
