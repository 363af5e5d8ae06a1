DELETE FROM schedule WHERE workflow = ?1
