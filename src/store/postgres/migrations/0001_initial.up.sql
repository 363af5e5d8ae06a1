-- Hot tables (ready, scheduled, parked, lease, timer) hold live rows only; what
-- has ended is in task_end and attempt, which only grow. What is alike shares a
-- row of ready or lease_range for as long as nothing tells it apart: a map's
-- instances, or one task of consecutive runs. A statement that looks for the row
-- that covers a run need not look further than 500 runs ahead.
--
-- `idx` is -1 for a task itself and the index for an instance of a mapped task.
-- Whoever changes anything of a run's tasks, but for claiming what is ready,
-- holds a lock on its row in `run`.

CREATE SEQUENCE run_id;
-- A claim takes one number for 4096 tokens; see PostgresIds.
CREATE SEQUENCE lease_token;

-- Tells this schema's data from any other's that shares a result store.
CREATE TABLE identity (
  id text NOT NULL
);

INSERT INTO identity SELECT left(replace(gen_random_uuid()::text, '-', ''), 12);

-- A workflow as runs pin it.
CREATE TABLE definition (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest text NOT NULL UNIQUE,
  name text NOT NULL,
  document text NOT NULL
);

CREATE INDEX definition_by_name ON definition (name);

-- What a run was submitted with; copies of a run share one.
CREATE TABLE input (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  params text NOT NULL,
  labels text NOT NULL,
  base_dir text NOT NULL
);

-- state: 0 running, 1 succeeded, 2 failed, 3 cancelled. No index holds what an
-- end changes, and pages have room for a second, longer version of every row, so
-- that ends are updates in place.
CREATE TABLE run (
  id bigint PRIMARY KEY,
  definition bigint NOT NULL,
  input bigint NOT NULL,
  state smallint NOT NULL CHECK (state BETWEEN 0 AND 3),
  paused boolean NOT NULL,
  attempt int NOT NULL CHECK (attempt >= 1),
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  -- RunProgress::Encode(); NULL while no task has ended.
  progress bytea,
  reason text,
  idempotency_key text,
  root bigint,
  parent bigint,
  parent_node int,
  parent_index int,
  CHECK ((state = 0) = (finished_at IS NULL)),
  CHECK (NOT paused OR state = 0),
  CHECK ((root IS NULL) = (parent IS NULL))
) WITH (fillfactor = 40);

CREATE INDEX run_by_parent ON run (parent) WHERE parent IS NOT NULL;
CREATE INDEX run_by_root ON run (root) WHERE root IS NOT NULL;

-- How many tasks and runs are where, as sums: each transaction adds what it
-- changed, and now and then the rows are folded into one of each kind. `which` is
-- for what 0, claimable tasks: their lane; 1, leased ones, and 2, those that wait
-- for their time or a permit: a definition, beside its node; 3, runs: a state.
CREATE TABLE tally (
  what smallint NOT NULL CHECK (what BETWEEN 0 AND 3),
  which bigint NOT NULL,
  node int NOT NULL,
  count bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE idempotency (
  workflow text NOT NULL,
  key text NOT NULL,
  run bigint NOT NULL,
  PRIMARY KEY (workflow, key)
);

-- What can be claimed alike: a queue and a task type. There are few.
CREATE TABLE lane (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  type text NOT NULL,
  UNIQUE (queue, type)
);

-- Queues someone paused or resumed; the others are not listed here.
CREATE TABLE queue (
  name text PRIMARY KEY,
  paused boolean NOT NULL
);

-- Claimable tasks, in the order in which a claim takes them. A row stands for
-- `count` instances, the last of which is `idx`, so that taking from the front
-- leaves the key alone. `rank` is 9 - priority. Rows of a paused run wait under
-- the negative of their lane, where no claim looks. A row with `runs` > 1 stands
-- for the same task of that many consecutive runs, the last of which is `run`;
-- their definition and, where it is the same, their input are then in the row.
CREATE TABLE ready (
  lane int NOT NULL CHECK (lane <> 0),
  rank smallint NOT NULL CHECK (rank BETWEEN 0 AND 9),
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  count int NOT NULL CHECK (count = 1 OR (count > 1 AND idx >= count - 1)),
  attempt int NOT NULL CHECK (attempt >= 1),
  failures int NOT NULL CHECK (failures >= 0),
  crashes int NOT NULL CHECK (crashes >= 0),
  scheduled_at timestamptz NOT NULL,
  ready_at timestamptz NOT NULL,
  runs int NOT NULL DEFAULT 1
    CHECK (runs = 1 OR (runs BETWEEN 2 AND 500 AND idx = -1 AND attempt = 1)),
  definition bigint,
  input bigint,
  PRIMARY KEY (lane, rank, run, node, idx)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE scheduled (
  due_at timestamptz NOT NULL,
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  attempt int NOT NULL CHECK (attempt >= 1),
  failures int NOT NULL CHECK (failures >= 0),
  crashes int NOT NULL CHECK (crashes >= 0),
  scheduled_at timestamptz NOT NULL,
  PRIMARY KEY (run, node, idx)
) WITH (autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 5000);

CREATE INDEX scheduled_by_time ON scheduled (due_at);

-- Tasks that wait for the end of `wake_run`, or for `wake_key` to be free.
CREATE TABLE parked (
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  attempt int NOT NULL CHECK (attempt >= 1),
  failures int NOT NULL CHECK (failures >= 0),
  crashes int NOT NULL CHECK (crashes >= 0),
  scheduled_at timestamptz NOT NULL,
  wake_run bigint,
  wake_key text,
  PRIMARY KEY (run, node, idx),
  CHECK ((wake_run IS NULL) <> (wake_key IS NULL))
);

CREATE INDEX parked_by_run ON parked (wake_run) WHERE wake_run IS NOT NULL;
CREATE INDEX parked_by_key ON parked (wake_key) WHERE wake_key IS NOT NULL;

-- Running attempts. The key is what makes two leases of one task impossible;
-- the token is the fence. stopping: the run was cancelled, and the task is
-- cancelled as soon as its attempt has stopped.
CREATE TABLE lease (
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  token bigint NOT NULL CHECK (token >= 1),
  executor bigint NOT NULL,
  attempt int NOT NULL CHECK (attempt >= 1),
  failures int NOT NULL CHECK (failures >= 0),
  crashes int NOT NULL CHECK (crashes >= 0),
  scheduled_at timestamptz NOT NULL,
  claimed_at timestamptz NOT NULL,
  stopping boolean NOT NULL DEFAULT false,
  PRIMARY KEY (run, node, idx)
) WITH (autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

-- Running attempts of one task in `runs` consecutive runs, the last of which is
-- `run`; `token` is its token, and those before it count down from there. A run
-- that must be told apart gets a row of its own in `lease`.
CREATE TABLE lease_range (
  node int NOT NULL,
  run bigint NOT NULL,
  runs int NOT NULL CHECK (runs BETWEEN 1 AND 500),
  token bigint NOT NULL CHECK (token >= runs),
  executor bigint NOT NULL,
  attempt int NOT NULL CHECK (attempt >= 1),
  failures int NOT NULL CHECK (failures >= 0),
  crashes int NOT NULL CHECK (crashes >= 0),
  scheduled_at timestamptz NOT NULL,
  claimed_at timestamptz NOT NULL,
  PRIMARY KEY (node, run)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX lease_range_by_run ON lease_range (run);

-- Every claimable task and every running attempt, for those who look at all.
CREATE VIEW every_ready AS
SELECT lane, one AS run, node, idx, count
FROM ready, LATERAL generate_series(run - runs + 1, run) AS each (one);

CREATE VIEW every_lease AS
SELECT run, node, idx, token, executor, stopping FROM lease
UNION ALL
SELECT one, node, -1, token - (run - one), executor, false
FROM lease_range, LATERAL generate_series(run - runs + 1, run) AS each (one);

-- Attempts their executor is still to be told to stop, until it says it has.
CREATE TABLE cancel_command (
  executor bigint NOT NULL,
  token bigint NOT NULL,
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  type smallint NOT NULL CHECK (type BETWEEN 0 AND 2),
  reason text NOT NULL,
  PRIMARY KEY (executor, token)
);

CREATE INDEX cancel_command_by_token ON cancel_command (token);

-- When to look whether a wait was too long. Stale timers do nothing.
-- kind: 0 run timeout, 1 schedule_to_start, 2 schedule_to_close.
CREATE TABLE timer (
  due_at timestamptz NOT NULL,
  run bigint NOT NULL,
  node int NOT NULL,
  first int NOT NULL,
  last int NOT NULL CHECK (last >= first),
  kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 2),
  PRIMARY KEY (due_at, run, node, first, last, kind)
);

CREATE INDEX timer_by_run ON timer (run);

-- Claims lock the row of their executor, so that nobody declares it dead
-- meanwhile. What changes while it lives is therefore in a table of its own: a
-- heartbeat must not wait for claims.
CREATE TABLE executor (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  host text NOT NULL,
  pid bigint NOT NULL,
  process_start bigint NOT NULL,
  profile text NOT NULL,
  slots int NOT NULL CHECK (slots >= 0),
  queues text NOT NULL,
  types text NOT NULL,
  lease_ttl bigint NOT NULL CHECK (lease_ttl > 0),  -- Microseconds.
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  -- Declared dead; otherwise it left by itself.
  lost boolean NOT NULL DEFAULT false CHECK (NOT lost OR ended_at IS NOT NULL)
);

-- One narrow row for each executor, renewed in place: no index holds what a
-- heartbeat changes.
CREATE TABLE heartbeat (
  executor bigint PRIMARY KEY,
  last_heartbeat timestamptz NOT NULL,
  busy_slots int NOT NULL DEFAULT 0,
  draining boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 1000);

CREATE INDEX executor_alive ON executor (id) WHERE ended_at IS NULL;

-- Tasks and instances that have ended, with their last attempt if one ended
-- them. state: 4 succeeded, 5 failed, 6 cancelled, 7 skipped. outcome and token
-- tell how that attempt ended; without an attempt they are NULL.
CREATE TABLE task_end (
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  state smallint NOT NULL CHECK (state BETWEEN 4 AND 7),
  attempt int NOT NULL CHECK (attempt >= 0),
  token bigint,
  outcome smallint,
  executor bigint,
  started_at timestamptz,
  finished_at timestamptz NOT NULL,
  run_time bigint,  -- Microseconds.
  kind smallint NOT NULL,
  media_type text,
  size bigint NOT NULL,
  sha256 text,
  encoding text,
  value text,
  uri text,
  metadata text,
  error text,
  cached_from text,
  PRIMARY KEY (run, node, idx),
  CHECK ((token IS NULL) = (outcome IS NULL)),
  CHECK (outcome IS NULL OR started_at IS NOT NULL)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.5);

-- Attempts that ended without ending their task for good.
CREATE TABLE attempt (
  run bigint NOT NULL,
  token bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  attempt int NOT NULL CHECK (attempt >= 1),
  outcome smallint NOT NULL,
  executor bigint NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  error text,
  PRIMARY KEY (run, token)
);

-- What the items of a mapped task were, and the attempt that found out.
-- closed: instances that have no row of their own are cancelled.
CREATE TABLE expansion (
  run bigint NOT NULL,
  node int NOT NULL,
  count int NOT NULL CHECK (count >= 0),
  closed boolean NOT NULL DEFAULT false,
  attempt int NOT NULL,
  executor bigint NOT NULL,
  started_at timestamptz NOT NULL,
  items text NOT NULL,
  PRIMARY KEY (run, node)
);

-- How far a running attempt is, and what a later one may go on from.
CREATE TABLE task_progress (
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  token bigint NOT NULL,
  fraction double precision,
  message text,
  heartbeat text,
  PRIMARY KEY (run, node, idx)
) WITH (fillfactor = 50);

CREATE TABLE saved (
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  name text NOT NULL,
  envelope text NOT NULL,
  PRIMARY KEY (run, node, idx, name)
);

CREATE TABLE dead_letter (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  attempts int NOT NULL CHECK (attempts >= 0),
  failed_at timestamptz NOT NULL,
  error_type text NOT NULL,
  error text NOT NULL,
  UNIQUE (run, node, idx)
);

CREATE TABLE cache (
  key text PRIMARY KEY,
  envelope text NOT NULL,
  source text NOT NULL,
  created_at timestamptz NOT NULL
);

-- Keys that a lease is computing.
CREATE TABLE cache_flight (
  key text PRIMARY KEY,
  token bigint NOT NULL
);

CREATE INDEX cache_flight_by_token ON cache_flight (token);

-- Workflows that are run by the clock. next_at: the first time that has not been
-- dealt with; NULL: none will come. queued_at: one that waits for the end of the
-- run before. Whoever starts runs of a schedule holds a lock on its row.
CREATE TABLE schedule (
  workflow text PRIMARY KEY,
  definition bigint NOT NULL,
  input bigint NOT NULL,
  paused boolean NOT NULL,
  next_at timestamptz,
  queued_at timestamptz,
  last_at timestamptz,
  last_run bigint,
  created_at timestamptz NOT NULL,
  CHECK ((last_at IS NULL) = (last_run IS NULL)),
  CHECK (NOT paused OR next_at IS NULL AND queued_at IS NULL)
) WITH (fillfactor = 50);

-- What schedules started: the latest runs, and those that had not ended when
-- these were started.
CREATE TABLE schedule_run (
  workflow text NOT NULL,
  run bigint NOT NULL,
  PRIMARY KEY (workflow, run)
);

-- What `concurrency` (kind 0) and `rate_limit` (kind 1) name, over all runs.
-- `most` and `period` are as `ruled_by` has them, the latest submitted of the
-- runs that named the key. `taken` counts permits of a concurrency, and of a
-- rate those reserved for a start to come; `starts` counts the starts so far.
-- next_at: when the next waiter may be let go; waiting: there may be one.
-- keep_until: an unused limiter is forgotten then.
--
-- Whoever gives or takes back a permit, or blocks a task, has locked the
-- limiters it is about, in the order of their ids and after all runs.
CREATE TABLE limiter (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind smallint NOT NULL CHECK (kind IN (0, 1)),
  key text NOT NULL,
  most int NOT NULL CHECK (most >= 1),
  period bigint NOT NULL CHECK (period >= 0),  -- Microseconds.
  ruled_by bigint NOT NULL,
  taken bigint NOT NULL DEFAULT 0 CHECK (taken >= 0),
  starts bigint NOT NULL DEFAULT 0 CHECK (starts >= 0),
  waiting boolean NOT NULL DEFAULT false,
  next_at timestamptz,
  keep_until timestamptz NOT NULL,
  UNIQUE (kind, key)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 1000);

CREATE INDEX limiter_by_time ON limiter (next_at) WHERE next_at IS NOT NULL;

-- The latest starts of a rate: those since the row before, up to number `last`,
-- were at started_at.
CREATE TABLE limit_start (
  limiter bigint NOT NULL,
  last bigint NOT NULL,
  started_at timestamptz NOT NULL,
  PRIMARY KEY (limiter, last)
) WITH (autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 5000);

-- Tasks that hold what they need of their limiters (0: none). Without a token
-- it is reserved for a task that was let go and has not been started yet.
-- `most` is the concurrency's limit when it was given.
CREATE TABLE permit (
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  token bigint,
  concurrency bigint NOT NULL,
  rate bigint NOT NULL,
  most int NOT NULL,
  given_at timestamptz NOT NULL,
  PRIMARY KEY (run, node, idx),
  CHECK (concurrency <> 0 OR rate <> 0)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 5000);

CREATE INDEX permit_reserved ON permit (given_at) WHERE token IS NULL;

-- Tasks that wait for a permit, in rows as those of `ready`. `turn` is their
-- order. They become ready without a lock on their run, but not the reverse.
CREATE TABLE blocked (
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  count int NOT NULL CHECK (count = 1 OR (count > 1 AND idx >= count - 1)),
  concurrency bigint NOT NULL,
  rate bigint NOT NULL,
  turn timestamptz NOT NULL,
  lane int NOT NULL CHECK (lane <> 0),
  rank smallint NOT NULL CHECK (rank BETWEEN 0 AND 9),
  attempt int NOT NULL CHECK (attempt >= 1),
  failures int NOT NULL CHECK (failures >= 0),
  crashes int NOT NULL CHECK (crashes >= 0),
  scheduled_at timestamptz NOT NULL,
  PRIMARY KEY (run, node, idx),
  CHECK (concurrency <> 0 OR rate <> 0)
) WITH (autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 5000);

CREATE INDEX blocked_by_turn
  ON blocked (concurrency, rate, turn, run, node, idx);

-- The pairs of limiters that tasks wait for.
CREATE TABLE limit_line (
  concurrency bigint NOT NULL,
  rate bigint NOT NULL,
  PRIMARY KEY (concurrency, rate)
);

CREATE INDEX limit_line_by_rate ON limit_line (rate);

-- Of which someone might be let go and nobody is: a transaction that was to
-- change that was rolled back.
CREATE VIEW idle_line AS
SELECT line.concurrency, line.rate
FROM limit_line AS line
LEFT JOIN limiter AS c ON c.id = line.concurrency
LEFT JOIN limiter AS r ON r.id = line.rate
WHERE (c.id IS NULL OR c.taken < c.most)
  AND (r.id IS NULL OR (r.next_at IS NULL AND r.taken < r.most))
  AND EXISTS (
    SELECT 1 FROM blocked
    WHERE blocked.concurrency = line.concurrency AND blocked.rate = line.rate
      AND blocked.lane > 0 AND NOT EXISTS (
        SELECT 1 FROM lane JOIN queue ON queue.name = lane.queue
        WHERE lane.id = blocked.lane AND queue.paused));

-- Reserved for a task that nobody has claimed.
CREATE VIEW unclaimed_permit AS
SELECT permit.run, permit.node, permit.idx, permit.concurrency, permit.rate,
       permit.given_at
FROM permit
LEFT JOIN lease ON lease.run = permit.run AND lease.node = permit.node
 AND lease.idx = permit.idx
WHERE permit.token IS NULL AND lease.run IS NULL;

CREATE VIEW unused_limiter AS
SELECT id, keep_until FROM limiter
WHERE taken = 0
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE concurrency = limiter.id)
  AND NOT EXISTS (SELECT 1 FROM limit_line WHERE rate = limiter.id);
