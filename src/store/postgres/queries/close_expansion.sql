UPDATE expansion SET closed = true WHERE run = ?1 AND node = ?2
