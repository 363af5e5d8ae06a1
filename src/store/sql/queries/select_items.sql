SELECT items FROM expansion WHERE run = ?1 AND node = ?2
