INSERT INTO definition (digest, name, document) VALUES (?1, ?2, ?3) RETURNING id
