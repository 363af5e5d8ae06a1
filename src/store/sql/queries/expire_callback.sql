UPDATE callback SET state = 3 WHERE token = ?1
