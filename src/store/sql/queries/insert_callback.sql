INSERT INTO callback (token, secret, run, node, idx, made_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
