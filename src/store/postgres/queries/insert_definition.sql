INSERT INTO definition (digest, name, document) VALUES (?1, ?2, ?3)
ON CONFLICT (digest) DO NOTHING RETURNING id
