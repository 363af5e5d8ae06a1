SELECT token, secret, state, expires_at, received_at, message_id, body
FROM callback WHERE run = ?1 AND node = ?2 AND idx = ?3 AND NOT closed
