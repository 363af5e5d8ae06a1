DELETE FROM cancel_command WHERE executor = ?1
