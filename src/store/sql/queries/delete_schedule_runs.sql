DELETE FROM schedule_run WHERE workflow = ?1
