-- Workflows that are run by the clock. next_at: the first time that has not been
-- dealt with; NULL: none will come. queued_at: one that waits for the end of the
-- run before.
CREATE TABLE schedule (
  workflow TEXT PRIMARY KEY,
  definition INTEGER NOT NULL,
  input INTEGER NOT NULL,
  paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
  next_at INTEGER,
  queued_at INTEGER,
  last_at INTEGER,
  last_run INTEGER,
  created_at INTEGER NOT NULL,
  CHECK ((last_at IS NULL) = (last_run IS NULL)),
  CHECK (paused = 0 OR next_at IS NULL AND queued_at IS NULL)
) STRICT, WITHOUT ROWID;

-- What schedules started: the latest runs, and those that had not ended when
-- these were started.
CREATE TABLE schedule_run (
  workflow TEXT NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (workflow, run)
) STRICT, WITHOUT ROWID;
