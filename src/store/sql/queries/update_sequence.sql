UPDATE sequence SET run = ?1, token = ?2 WHERE only = 1
