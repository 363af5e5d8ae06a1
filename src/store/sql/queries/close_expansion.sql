UPDATE expansion SET closed = 1 WHERE run = ?1 AND node = ?2
