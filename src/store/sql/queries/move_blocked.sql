UPDATE blocked SET lane = ?1 WHERE lane = ?2 AND rank = ?3 AND run = ?4
