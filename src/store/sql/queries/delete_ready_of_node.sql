DELETE FROM ready WHERE lane = ?1 AND rank = ?2 AND run = ?3 AND node = ?4
