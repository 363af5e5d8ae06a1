-- To where outside systems send the messages that tasks wait for. state: 0 told
-- to the outside, 1 the task waits, 2 the message has come, 3 it came too late.
-- closed: the attempts it was for are over; of the message remains what tells it
-- from others.
CREATE TABLE callback (
  token text PRIMARY KEY,
  secret text NOT NULL,
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  state smallint NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
  closed boolean NOT NULL DEFAULT false,
  made_at timestamptz NOT NULL,
  waiting_since timestamptz,
  expires_at timestamptz,
  received_at timestamptz,
  message_id text,
  sha256 text,
  body text,
  CHECK ((waiting_since IS NULL) = (expires_at IS NULL)),
  CHECK (state NOT IN (1, 3) OR expires_at IS NOT NULL),
  CHECK ((state = 2) = (received_at IS NOT NULL)),
  CHECK ((state = 2) = (message_id IS NOT NULL)),
  CHECK ((state = 2) = (sha256 IS NOT NULL)),
  CHECK ((state = 2 AND NOT closed) = (body IS NOT NULL))
);

-- A task is told one address at a time.
CREATE UNIQUE INDEX callback_open ON callback (run, node, idx) WHERE NOT closed;
CREATE INDEX callback_by_run ON callback (run);
