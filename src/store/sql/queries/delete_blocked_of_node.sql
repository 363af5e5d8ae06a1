DELETE FROM blocked WHERE run = ?1 AND node = ?2
