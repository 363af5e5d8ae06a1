UPDATE expansion SET closed = 0 WHERE run = ?1 AND node = ?2
