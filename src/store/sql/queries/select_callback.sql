SELECT run, node, idx, secret, state, closed, expires_at, message_id, sha256
FROM callback WHERE token = ?1
