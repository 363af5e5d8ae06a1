SELECT token, concurrency, rate, circuit, era FROM permit
WHERE run = ?1 AND node = ?2 AND idx = ?3
