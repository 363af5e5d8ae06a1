SELECT count(*) FROM lease WHERE run = ?1 AND node = ?2 AND stopping = 0
