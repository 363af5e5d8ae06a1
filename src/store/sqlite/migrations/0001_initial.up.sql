-- Hot tables (ready, scheduled, parked, lease, timer) hold live rows only; what
-- has ended is in task_end and attempt, which only grow. A map's instances
-- share one ready row for as long as they have not been claimed.
--
-- Times are microseconds since 1970 in UTC. `idx` is -1 for a task itself and
-- the index for an instance of a mapped task.

-- The last ids given out, so that none is ever given out twice, and how many
-- runs have not ended.
CREATE TABLE sequence (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  run INTEGER NOT NULL CHECK (run >= 0),
  token INTEGER NOT NULL CHECK (token >= 0),
  unfinished INTEGER NOT NULL CHECK (unfinished >= 0)
) STRICT;

INSERT INTO sequence VALUES (1, 0, 0, 0);

-- A workflow as runs pin it.
CREATE TABLE definition (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  document TEXT NOT NULL
) STRICT;

CREATE INDEX definition_by_name ON definition (name);

-- What a run was submitted with; copies of a run share one.
CREATE TABLE input (
  id INTEGER PRIMARY KEY,
  params TEXT NOT NULL,
  labels TEXT NOT NULL,
  base_dir TEXT NOT NULL
) STRICT;

-- state: 0 running, 1 succeeded, 2 failed, 3 cancelled.
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  definition INTEGER NOT NULL,
  input INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
  paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  -- RunProgress::Encode(); NULL while no task has ended.
  progress BLOB,
  reason TEXT,
  idempotency_key TEXT,
  root INTEGER,
  parent INTEGER,
  parent_node INTEGER,
  parent_index INTEGER,
  CHECK ((state = 0) = (finished_at IS NULL)),
  CHECK (paused = 0 OR state = 0),
  CHECK ((root IS NULL) = (parent IS NULL))
) STRICT;

CREATE INDEX run_by_parent ON run (parent) WHERE parent IS NOT NULL;
CREATE INDEX run_by_root ON run (root) WHERE root IS NOT NULL;

CREATE TABLE idempotency (
  workflow TEXT NOT NULL,
  key TEXT NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (workflow, key)
) STRICT, WITHOUT ROWID;

-- What can be claimed alike: a queue and a task type. There are few.
CREATE TABLE lane (
  id INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  type TEXT NOT NULL,
  UNIQUE (queue, type)
) STRICT;

-- Queues someone paused or resumed; the others are not listed here.
CREATE TABLE queue (
  name TEXT PRIMARY KEY,
  paused INTEGER NOT NULL CHECK (paused IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Claimable tasks, in the order in which a claim takes them. A row stands for
-- `count` instances, the last of which is `idx`, so that taking from the front
-- leaves the key alone. `rank` is 9 - priority. Rows of a paused run wait under
-- the negative of their lane, where no claim looks.
CREATE TABLE ready (
  lane INTEGER NOT NULL CHECK (lane <> 0),
  rank INTEGER NOT NULL CHECK (rank BETWEEN 0 AND 9),
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count = 1 OR (count > 1 AND idx >= count - 1)),
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  crashes INTEGER NOT NULL CHECK (crashes >= 0),
  scheduled_at INTEGER NOT NULL,
  ready_at INTEGER NOT NULL,
  PRIMARY KEY (lane, rank, run, node, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE scheduled (
  due_at INTEGER NOT NULL,
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  crashes INTEGER NOT NULL CHECK (crashes >= 0),
  scheduled_at INTEGER NOT NULL,
  PRIMARY KEY (due_at, run, node, idx)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX scheduled_by_task ON scheduled (run, node, idx);

-- Tasks that wait for the end of `wake_run`, or for `wake_key` to be free.
CREATE TABLE parked (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  crashes INTEGER NOT NULL CHECK (crashes >= 0),
  scheduled_at INTEGER NOT NULL,
  wake_run INTEGER,
  wake_key TEXT,
  PRIMARY KEY (run, node, idx),
  CHECK ((wake_run IS NULL) <> (wake_key IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX parked_by_run ON parked (wake_run) WHERE wake_run IS NOT NULL;
CREATE INDEX parked_by_key ON parked (wake_key) WHERE wake_key IS NOT NULL;

-- Running attempts. The key is what makes two leases of one task impossible;
-- the token is the fence. stopping: the run was cancelled, and the task is
-- cancelled as soon as its attempt has stopped.
CREATE TABLE lease (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  token INTEGER NOT NULL CHECK (token >= 1),
  executor INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  crashes INTEGER NOT NULL CHECK (crashes >= 0),
  scheduled_at INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  stopping INTEGER NOT NULL DEFAULT 0 CHECK (stopping IN (0, 1)),
  PRIMARY KEY (run, node, idx)
) STRICT, WITHOUT ROWID;

-- Attempts their executor is still to be told to stop, until it says it has.
CREATE TABLE cancel_command (
  executor INTEGER NOT NULL,
  token INTEGER NOT NULL,
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  type INTEGER NOT NULL CHECK (type BETWEEN 0 AND 2),
  reason TEXT NOT NULL,
  PRIMARY KEY (executor, token)
) STRICT, WITHOUT ROWID;

-- When to look whether a wait was too long. Stale timers do nothing.
-- kind: 0 run timeout, 1 schedule_to_start, 2 schedule_to_close.
CREATE TABLE timer (
  due_at INTEGER NOT NULL,
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK (last >= first),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
  PRIMARY KEY (due_at, run, node, first, last, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX timer_by_run ON timer (run);

CREATE TABLE executor (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_start INTEGER NOT NULL,
  profile TEXT NOT NULL,
  slots INTEGER NOT NULL CHECK (slots >= 0),
  queues TEXT NOT NULL,
  types TEXT NOT NULL,
  lease_ttl INTEGER NOT NULL CHECK (lease_ttl > 0),
  started_at INTEGER NOT NULL,
  last_heartbeat INTEGER NOT NULL,
  busy_slots INTEGER NOT NULL DEFAULT 0,
  draining INTEGER NOT NULL DEFAULT 0 CHECK (draining IN (0, 1)),
  ended_at INTEGER,
  -- Declared dead; otherwise it left by itself.
  lost INTEGER NOT NULL DEFAULT 0 CHECK (lost = 0 OR ended_at IS NOT NULL)
) STRICT;

CREATE INDEX executor_alive ON executor (id) WHERE ended_at IS NULL;

-- Tasks and instances that have ended, with their last attempt if one ended
-- them. state: 4 succeeded, 5 failed, 6 cancelled, 7 skipped. outcome and token
-- tell how that attempt ended; without an attempt they are NULL.
CREATE TABLE task_end (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 4 AND 7),
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  token INTEGER,
  outcome INTEGER,
  executor INTEGER,
  started_at INTEGER,
  finished_at INTEGER NOT NULL,
  run_time INTEGER,
  kind INTEGER NOT NULL,
  media_type TEXT,
  size INTEGER NOT NULL,
  sha256 TEXT,
  encoding TEXT,
  value TEXT,
  uri TEXT,
  metadata TEXT,
  error TEXT,
  cached_from TEXT,
  PRIMARY KEY (run, node, idx),
  CHECK ((token IS NULL) = (outcome IS NULL)),
  CHECK (outcome IS NULL OR started_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- Attempts that ended without ending their task for good.
CREATE TABLE attempt (
  run INTEGER NOT NULL,
  token INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  outcome INTEGER NOT NULL,
  executor INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  error TEXT,
  PRIMARY KEY (run, token)
) STRICT, WITHOUT ROWID;

-- What the items of a mapped task were, and the attempt that found out.
-- closed: instances that have no row of their own are cancelled.
CREATE TABLE expansion (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
  attempt INTEGER NOT NULL,
  executor INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  items TEXT NOT NULL,
  PRIMARY KEY (run, node)
) STRICT, WITHOUT ROWID;

-- How far a running attempt is, and what a later one may go on from.
CREATE TABLE task_progress (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  token INTEGER NOT NULL,
  fraction REAL,
  message TEXT,
  heartbeat TEXT,
  PRIMARY KEY (run, node, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE saved (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  name TEXT NOT NULL,
  envelope TEXT NOT NULL,
  PRIMARY KEY (run, node, idx, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  failed_at INTEGER NOT NULL,
  error_type TEXT NOT NULL,
  error TEXT NOT NULL,
  UNIQUE (run, node, idx)
) STRICT;

CREATE TABLE cache (
  key TEXT PRIMARY KEY,
  envelope TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys that a lease is computing.
CREATE TABLE cache_flight (
  key TEXT PRIMARY KEY,
  token INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX cache_flight_by_token ON cache_flight (token);
