-- To where outside systems send the messages that tasks wait for. state: 0 told
-- to the outside, 1 the task waits, 2 the message has come, 3 it came too late.
-- closed: the attempts it was for are over; of the message remains what tells it
-- from others.
CREATE TABLE callback (
  token TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
  closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
  made_at INTEGER NOT NULL,
  waiting_since INTEGER,
  expires_at INTEGER,
  received_at INTEGER,
  message_id TEXT,
  sha256 TEXT,
  body TEXT,
  CHECK ((waiting_since IS NULL) = (expires_at IS NULL)),
  CHECK (state NOT IN (1, 3) OR expires_at IS NOT NULL),
  CHECK ((state = 2) = (received_at IS NOT NULL)),
  CHECK ((state = 2) = (message_id IS NOT NULL)),
  CHECK ((state = 2) = (sha256 IS NOT NULL)),
  CHECK ((state = 2 AND NOT closed) = (body IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- A task is told one address at a time.
CREATE UNIQUE INDEX callback_open ON callback (run, node, idx) WHERE NOT closed;
CREATE INDEX callback_by_run ON callback (run);

DROP TRIGGER run_deleted;
CREATE TRIGGER run_deleted AFTER DELETE ON run BEGIN
  DELETE FROM task_end WHERE run = old.id;
  DELETE FROM task_end_range WHERE of_run = old.id;
  DELETE FROM attempt WHERE run = old.id;
  DELETE FROM expansion WHERE run = old.id;
  DELETE FROM saved WHERE run = old.id;
  DELETE FROM dead_letter WHERE run = old.id;
  DELETE FROM schedule_run WHERE run = old.id;
  DELETE FROM callback WHERE run = old.id;
  DELETE FROM idempotency
  WHERE old.idempotency_key IS NOT NULL AND key = old.idempotency_key
    AND run = old.id
    AND workflow = (SELECT name FROM definition WHERE id = old.definition);
END;
