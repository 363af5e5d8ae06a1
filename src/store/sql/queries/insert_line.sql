INSERT INTO limit_line (concurrency, rate) VALUES (?1, ?2)
ON CONFLICT (concurrency, rate) DO NOTHING
