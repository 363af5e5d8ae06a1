SELECT min(claimed_at) FROM lease WHERE run = ?1
