SELECT digest, document FROM definition WHERE id = ?1
