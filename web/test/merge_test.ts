import assert from "node:assert/strict";
import { test } from "node:test";
import { countStates, matchRuns, mergeRun, mergeTask, nodesOf, summaryState } from "../src/merge";
import type { Run, RunState, Task, TaskState } from "../src/types";

const run = (number: number, state: RunState = "running", workflow = "w"): Run => ({
  run_id: `r${number}`, workflow, state, params: { code: `c${number}` },
  created_at: "2026-11-28T10:00:00Z", finished_at: null, attempt: 1,
});
const all = { state: "", workflow: "" };
const ids = (runs: Run[]) => runs.map(({ run_id }) => run_id);

const task = (id: string, state: TaskState, index: number | null = null, items?: number): Task => ({
  id, index, type: "noop", state, attempt: 1, started_at: null, finished_at: null,
  duration_ms: null, executor: null, result: null, error: null,
  ...(items === undefined ? {} : { items }),
});

test("a new run comes first, a known one changes in its place", () => {
  const list = [run(9), run(3)];
  assert.deepEqual(ids(mergeRun(list, run(10), all)), ["r10", "r9", "r3"]);
  assert.deepEqual(ids(mergeRun(list, run(5), all)), ["r9", "r5", "r3"]);
  assert.deepEqual(ids(mergeRun([], run(5), all)), ["r5"]);
  const changed = mergeRun(list, run(3, "failed"), all);
  assert.deepEqual(changed.map(({ state }) => state), ["running", "failed"]);
});

test("a run older than the list is on a page that was not read", () => {
  assert.deepEqual(ids(mergeRun([run(9), run(3)], run(2), all)), ["r9", "r3"]);
});

test("what does not fit the filter does not come, or goes", () => {
  const failed = { state: "failed", workflow: "w" };
  assert.deepEqual(mergeRun([], run(1), failed), []);
  assert.deepEqual(mergeRun([], run(1, "failed", "other"), failed), []);
  assert.deepEqual(ids(mergeRun([run(2, "failed")], run(2, "running"), failed)), []);
});

test("text is searched word by word", () => {
  const list = [run(1, "failed", "daily"), run(12, "running", "hourly")];
  assert.deepEqual(ids(matchRuns(list, "")), ["r1", "r12"]);
  assert.deepEqual(ids(matchRuns(list, "HOUR c12")), ["r12"]);
  assert.deepEqual(ids(matchRuns(list, "hourly c99")), []);
});

test("many states have one word: what needs a look", () => {
  assert.equal(summaryState({ succeeded: 9, failed: 1, running: 3 }), "failed");
  assert.equal(summaryState({ succeeded: 9, running: 1 }), "running");
  assert.equal(summaryState({ succeeded: 9, pending: 1 }), "running");
  assert.equal(summaryState({ pending: 4 }), "pending");
  assert.equal(summaryState({ succeeded: 2, skipped: 2 }), "succeeded");
  assert.equal(summaryState({ skipped: 2 }), "skipped");
});

test("a mapped task counts its instances", () => {
  const nodes = nodesOf([task("a", "succeeded"), task("m", "running", null, 3),
    task("m", "succeeded", 0), task("m", "running", 1), task("m", "pending", 2)]);
  assert.deepEqual([...nodes.keys()], ["a", "m"]);
  assert.deepEqual(nodes.get("m")!.counts, { succeeded: 1, running: 1, pending: 1 });
  assert.equal(nodes.get("m")!.isMapped, true);
  assert.deepEqual(countStates([task("a", "ready"), task("b", "ready")]), { ready: 2 });
});

test("an event changes one node, or nothing", () => {
  const nodes = nodesOf([task("a", "running"), task("m", "running", null, 3),
    task("m", "running", 0), task("m", "running", 1), task("m", "pending", 2)]);
  const ended = mergeTask(nodes, { run_id: "r1", id: "a", state: "succeeded" });
  assert.equal(ended.get("a")!.state, "succeeded");
  assert.equal(ended.get("m"), nodes.get("m"));
  assert.equal(mergeTask(ended, { run_id: "r1", id: "a", state: "succeeded" }), ended);
  assert.equal(mergeTask(nodes, { run_id: "r1", id: "other", state: "failed" }), nodes);
  const counted = mergeTask(nodes, {
    run_id: "r1", id: "m", state: "running", items: 3, succeeded: 1, failed: 1,
    skipped: 0, cancelled: 0,
  });
  assert.deepEqual(counted.get("m")!.counts, { succeeded: 1, failed: 1, running: 1 });
});
