-- What is not told stays; a new attempt starts without fraction and message.
INSERT INTO task_progress (run, node, idx, token, fraction, message, heartbeat)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (run, node, idx) DO UPDATE SET
  token = excluded.token,
  fraction = iif(token = excluded.token,
                 coalesce(excluded.fraction, fraction), excluded.fraction),
  message = iif(token = excluded.token,
                coalesce(excluded.message, message), excluded.message),
  heartbeat = coalesce(excluded.heartbeat, heartbeat)
