DELETE FROM lease_range WHERE node = ?1 AND run = ?2
