DELETE FROM dead_letter WHERE run = ?1 AND node = ?2 AND idx BETWEEN ?3 AND ?4
