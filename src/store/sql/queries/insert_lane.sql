INSERT INTO lane (queue, type) VALUES (?1, ?2) RETURNING id
