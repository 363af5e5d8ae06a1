UPDATE workflow SET version = ?2 WHERE name = ?1
