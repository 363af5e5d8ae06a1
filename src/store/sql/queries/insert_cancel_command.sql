INSERT OR IGNORE INTO cancel_command (executor, token, run, node, idx, type,
                                      reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
