UPDATE expansion SET closed = false WHERE run = ?1 AND node = ?2
