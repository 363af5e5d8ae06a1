UPDATE permit SET token = ?4 WHERE run = ?1 AND node = ?2 AND idx = ?3
