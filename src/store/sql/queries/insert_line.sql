INSERT INTO limit_line (concurrency, rate, circuit) VALUES (?1, ?2, ?3)
ON CONFLICT (concurrency, rate, circuit) DO NOTHING
