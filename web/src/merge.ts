// What events make of the lists the page shows. Values in, values out.

import { RUN_STATES } from "./types";
import type { Run, Task, TaskEvent, TaskState } from "./types";

export interface RunFilter {
  state: string;
  workflow: string;
}

// "r42" as 42, so that newer runs come first.
export function runNumber(id: string): number {
  return Number(id.replace(/^\D+/, ""));
}

function fits(run: Run, filter: RunFilter): boolean {
  return (!filter.state || run.state === filter.state) &&
    (!filter.workflow || run.workflow === filter.workflow);
}

// The list, newest first, with the run as it is now: in its place, added, or
// gone when it does not fit the filter any more. A run older than the whole list
// is on a page that has not been read.
export function mergeRun(runs: Run[], run: Run, filter: RunFilter): Run[] {
  const at = runs.findIndex((one) => one.run_id === run.run_id);
  if (at >= 0) {
    if (!fits(run, filter)) return runs.filter((one) => one.run_id !== run.run_id);
    return runs.map((one, i) => (i === at ? run : one));
  }
  if (!fits(run, filter)) return runs;
  const number = runNumber(run.run_id);
  const place = runs.findIndex((one) => runNumber(one.run_id) < number);
  if (place < 0) return runs.length === 0 ? [run] : runs;
  return [...runs.slice(0, place), run, ...runs.slice(place)];
}

// Runs of which text, in the id, the workflow, params or labels, has all words.
export function matchRuns(runs: Run[], text: string): Run[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return runs;
  return runs.filter((run) => {
    const content = [run.run_id, run.workflow, run.reason ?? "",
      JSON.stringify(run.params), JSON.stringify(run.labels ?? {})]
      .join("\n").toLowerCase();
    return words.every((word) => content.includes(word));
  });
}

export type Counts = Partial<Record<TaskState, number>>;

export function countStates(tasks: readonly { state: TaskState }[]): Counts {
  const counts: Counts = {};
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

// The state of many in one word: what most needs a look.
export function summaryState(counts: Counts): TaskState {
  const order: TaskState[] = ["failed", "running", "ready", "scheduled"];
  for (const state of order) if (counts[state]) return state;
  const pending = counts.pending ?? 0;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (pending > 0) return pending === total ? "pending" : "running";
  if (counts.cancelled) return "cancelled";
  return counts.succeeded || !counts.skipped ? "succeeded" : "skipped";
}

// A task of the definition with what is known of its instances.
export interface Node {
  id: string;
  type: string;
  state: TaskState;
  isMapped: boolean;
  // Of its instances; of a task that is not mapped, of itself.
  counts: Counts;
}

export function nodesOf(tasks: Task[]): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const instances = new Map<string, Task[]>();
  for (const task of tasks) {
    if (task.index !== null) {
      const list = instances.get(task.id);
      if (list) list.push(task);
      else instances.set(task.id, [task]);
      continue;
    }
    nodes.set(task.id, {
      id: task.id, type: task.type, state: task.state,
      isMapped: task.items !== undefined, counts: { [task.state]: 1 },
    });
  }
  for (const [id, list] of instances) {
    const node = nodes.get(id);
    if (node) Object.assign(node, { isMapped: true, counts: countStates(list) });
  }
  return nodes;
}

// With a task as an event tells it; the same map when nothing is new.
export function mergeTask(nodes: Map<string, Node>, event: TaskEvent): Map<string, Node> {
  const node = nodes.get(event.id);
  if (!node) return nodes;
  const counts = event.items === undefined
    ? { [event.state]: 1 } : mappedCounts(node.counts, event);
  if (node.state === event.state && JSON.stringify(counts) === JSON.stringify(node.counts)) {
    return nodes;
  }
  return new Map(nodes).set(event.id, {
    ...node, state: event.state, counts,
    isMapped: node.isMapped || event.items !== undefined,
  });
}

// An event has the instances that ended; of the others it is known from before
// how many ran.
function mappedCounts(before: Counts, event: TaskEvent): Counts {
  const counts: Counts = {};
  let left = event.items ?? 0;
  for (const state of ["succeeded", "failed", "skipped", "cancelled"] as const) {
    const count = event[state] ?? 0;
    if (count > 0) counts[state] = count;
    left -= count;
  }
  const running = Math.min(left, before.running ?? 0);
  if (running > 0) counts.running = running;
  if (left > running) counts.pending = left - running;
  return counts;
}

export const isRunState = (text: string) =>
  (RUN_STATES as readonly string[]).includes(text);
