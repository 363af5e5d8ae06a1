SELECT idx, token FROM lease WHERE run = ?1 AND node = ?2
