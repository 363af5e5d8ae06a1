DELETE FROM scheduled WHERE run = ?1 AND node = ?2
