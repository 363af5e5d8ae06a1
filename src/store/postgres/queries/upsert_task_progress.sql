-- What is not told stays; a new attempt starts without fraction and message.
INSERT INTO task_progress AS old (run, node, idx, token, fraction, message,
                                  heartbeat)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (run, node, idx) DO UPDATE SET
  token = excluded.token,
  fraction = CASE WHEN old.token = excluded.token
                  THEN coalesce(excluded.fraction, old.fraction)
                  ELSE excluded.fraction END,
  message = CASE WHEN old.token = excluded.token
                 THEN coalesce(excluded.message, old.message)
                 ELSE excluded.message END,
  heartbeat = coalesce(excluded.heartbeat, old.heartbeat)
