UPDATE sequence SET run = ?1, token = ?2, unfinished = ?3 WHERE only = 1
