DELETE FROM parked WHERE run = ?1 AND node = ?2
