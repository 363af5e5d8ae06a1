DELETE FROM cancel_command WHERE token = ?1
