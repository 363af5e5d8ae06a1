UPDATE lease_range SET count = ?4 WHERE of_run = ?1 AND node = ?2 AND last = ?3
