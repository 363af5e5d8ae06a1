UPDATE lease SET stopping = 1 WHERE run = ?1 AND node = ?2 AND idx = ?3
