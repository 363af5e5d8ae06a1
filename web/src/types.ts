// The documents of the HTTP API, as far as the page reads them. The server's
// /api/v1/openapi.json says them field by field.

export type Json =
  | null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

export const RUN_STATES =
  ["running", "paused", "succeeded", "failed", "cancelled"] as const;
export type RunState = (typeof RUN_STATES)[number];

export const TASK_STATES = [
  "running", "ready", "scheduled", "pending", "failed", "cancelled", "skipped",
  "succeeded",
] as const;
export type TaskState = (typeof TASK_STATES)[number];

export interface Run {
  run_id: string;
  workflow: string;
  state: RunState;
  params: JsonObject;
  created_at: string;
  finished_at: string | null;
  attempt: number;
  reason?: string;
  parent?: string;
  labels?: JsonObject;
}

export interface StoredWorkflow {
  name: string;
  version: number;
  digest: string;
  description: string;
  base_dir: string;
  created_at: string;
  definition?: JsonObject;
}

export interface Envelope {
  kind: "json" | "binary" | "table" | "reference" | "none";
  media_type?: string;
  size?: number;
  sha256?: string;
  value?: Json;
  uri?: string;
  metadata?: JsonObject;
}

export interface TaskError {
  type: string;
  message: string;
  retryable: boolean;
  attempt: number;
  category?: string;
  details?: Json;
}

export interface LogLine {
  at: string;
  source: "handler" | "stdout" | "stderr" | "left_out";
  level?: string;
  text: string;
}

export interface Attempt {
  attempt: number;
  outcome: string;
  started_at: string;
  finished_at: string;
  duration_ms: number;
  executor: string;
  error: TaskError | null;
}

export interface RunAttempt extends Attempt {
  task: string;
  index: number | null;
}

export interface Task {
  id: string;
  index: number | null;
  type: string;
  state: TaskState;
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
  duration_ms: number | null;
  executor: string | null;
  result: Envelope | null;
  error: TaskError | null;
  progress?: number;
  message?: string;
  due_at?: string;
  waiting_since?: string;
  cached_from?: string;
  items?: number;
  history?: Attempt[];
}

export interface RunDetails extends Run {
  tasks: Task[];
  attempts: RunAttempt[];
}

export interface Saved {
  heartbeat_details: Json;
  saved: { [name: string]: Envelope };
}

// What stands in a definition for a task; other fields are shown as they are.
export interface TaskDefinition {
  type: string;
  depends_on?: string[] | string;
  params?: JsonObject;
  map?: JsonObject;
  [field: string]: unknown;
}

export interface Definition {
  name: string;
  description?: string;
  params?: { [name: string]: JsonObject };
  tasks: { [id: string]: TaskDefinition };
  on_exit?: TaskDefinition;
  [field: string]: unknown;
}

export interface CheckedDefinition {
  workflow: string;
  params: { name: string; schema: JsonObject; default?: Json }[];
  definition: Definition;
}

export interface Executor {
  name: string;
  profile: string;
  state: "running" | "draining" | "lost";
  slots: number;
  busy: number;
  pid: number;
  started_at: string;
  last_heartbeat: string;
  queues: string[];
}

export interface Queue {
  name: string;
  paused: boolean;
  ready: number;
  running: number;
  scheduled: number;
  oldest_ready: string | null;
}

export interface Limit {
  kind: "concurrency" | "rate_limit";
  key: string;
  limit: number;
  period?: string;
  burst?: number;
  adaptive?: { allowed: number; minimum: number; target_latency: string | null };
  in_use: number;
  waiting: number;
  next_at: string | null;
}

export interface Circuit {
  key: string;
  state: "closed" | "open" | "half_open";
  failures: number;
  failure_threshold: number;
  open_until: string | null;
  probing: number;
  probes: number;
  waiting: number;
}

export interface DeadLetter {
  id: string;
  run_id: string;
  workflow: string;
  task: string;
  index: number | null;
  type: string;
  attempts: number;
  failed_at: string;
  error: TaskError;
  history?: Attempt[];
}

export interface Schedule {
  workflow: string;
  cron: string;
  timezone: string;
  overlap: string;
  catch_up: boolean;
  params: JsonObject;
  state: "active" | "paused";
  next_at: string | null;
  queued_at: string | null;
  last_at: string | null;
  last_run: string | null;
  created_at: string;
}

export interface Statistics {
  now: string;
  runs: { running: number; succeeded: number; failed: number; cancelled: number };
}

// Of the stream of a run: where one of its tasks stands.
export interface TaskEvent {
  run_id: string;
  id: string;
  state: TaskState;
  items?: number;
  succeeded?: number;
  failed?: number;
  skipped?: number;
  cancelled?: number;
}

export function isFinal(state: RunState): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}

// "per_airport[3]", as the API's paths have it.
export function taskName(task: { id: string; index: number | null }): string {
  return task.index === null ? task.id : `${task.id}[${task.index}]`;
}
