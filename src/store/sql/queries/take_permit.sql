DELETE FROM permit WHERE run = ?1 AND node = ?2 AND idx = ?3
RETURNING run, node, idx, token, concurrency, rate, circuit, era, given_at
