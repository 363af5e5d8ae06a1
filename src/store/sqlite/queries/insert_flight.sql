INSERT INTO cache_flight (key, token) VALUES (?1, ?2)
