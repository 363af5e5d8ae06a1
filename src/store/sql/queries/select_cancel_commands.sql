SELECT run, node, idx, token, type, reason FROM cancel_command
WHERE executor = ?1 ORDER BY token
