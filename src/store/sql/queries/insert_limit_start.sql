INSERT INTO limit_start (limiter, last, started_at) VALUES (?1, ?2, ?3)
