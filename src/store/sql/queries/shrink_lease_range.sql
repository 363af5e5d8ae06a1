UPDATE lease_range SET runs = ?3 WHERE node = ?1 AND run = ?2
