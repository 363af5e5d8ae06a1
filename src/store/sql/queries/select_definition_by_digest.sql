SELECT id FROM definition WHERE digest = ?1
