DELETE FROM lease_range WHERE of_run = ?1 AND node = ?2 AND last = ?3
