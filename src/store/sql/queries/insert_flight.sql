INSERT INTO cache_flight (key, token) VALUES (?1, ?2)
ON CONFLICT (key) DO NOTHING
