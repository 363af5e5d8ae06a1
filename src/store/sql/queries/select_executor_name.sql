SELECT name, host, pid FROM executor WHERE id = ?1
