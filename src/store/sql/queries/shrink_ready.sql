UPDATE ready SET count = ?6, runs = ?7
WHERE lane = ?1 AND rank = ?2 AND run = ?3 AND node = ?4 AND idx = ?5
