import assert from "node:assert/strict";
import { test } from "node:test";
import { tableOf } from "../src/parts/json";
import { latency, throughput } from "../src/statistics";
import { barsOf } from "../src/timeline";
import type { Json, Run, RunState, Task } from "../src/types";

const at = (ms: number) => new Date(ms).toISOString();

const run = (state: RunState, begin: number, end: number | null): Run => ({
  run_id: "r1", workflow: "w", state, params: {}, attempt: 1,
  created_at: at(begin), finished_at: end === null ? null : at(end),
});
const window = { end: 40_500, stepMs: 10_000, steps: 4 };

test("ends are counted by outcome in steps", () => {
  const runs = [run("succeeded", 0, 5_000), run("succeeded", 0, 15_000),
    run("succeeded", 0, 20_000), run("failed", 0, 21_000), run("running", 0, null)];
  const { times, values } = throughput(runs, 0, [], window);
  assert.deepEqual(times, [10, 20, 30, 40]);
  assert.deepEqual(values, [[0.1, 0.2, 0, 0], [0, 0, 0.1, 0], [0, 0, 0, 0]]);
});

test("before all runs are known nothing is claimed", () => {
  const { values } = throughput([run("succeeded", 26_000, 28_000)], 15_000, [], window);
  assert.deepEqual(values[0], [null, null, 0.1, 0]);
});

test("counts that were noted say it exactly", () => {
  const counts = (succeeded: number) => ({ running: 0, succeeded, failed: 0, cancelled: 0 });
  const samples = [{ at: 29_000, counts: counts(100) }, { at: 41_000, counts: counts(1_300) }];
  const { values } = throughput([], 50_000, samples, window);
  assert.deepEqual(values[0], [null, null, null, 100]);
});

test("latency is the median and the 95th percentile of what ended", () => {
  const runs = Array.from({ length: 20 }, (_, i) => run("succeeded", 15_000 - (i + 1) * 100, 15_000));
  const { values } = latency(runs, window);
  assert.deepEqual(values[0], [null, 1.1, null, null]);
  assert.deepEqual(values[1], [null, 2, null, null]);
});

const task = (more: Partial<Task>): Task => ({
  id: "a", index: null, type: "noop", state: "succeeded", attempt: 1, started_at: null,
  finished_at: null, duration_ms: null, executor: null, result: null, error: null, ...more,
});

test("a timeline has a bar for each attempt, by the time they began", () => {
  const rows = barsOf([
    task({ id: "late", state: "running", attempt: 1, started_at: at(9_000) }),
    task({ id: "twice", attempt: 2, started_at: at(3_000), finished_at: at(4_000) }),
    task({ id: "never", state: "pending" }),
    task({ id: "mapped", items: 1, started_at: at(0) }),
    task({ id: "mapped", index: 0, started_at: at(1_500), finished_at: at(2_000) }),
  ], [{
    task: "twice", index: null, attempt: 1, outcome: "failed", started_at: at(1_000),
    finished_at: at(2_000), duration_ms: 1_000, executor: "e", error: null,
  }]);
  assert.deepEqual(rows.map(({ name }) => name), ["twice", "mapped[0]", "late"]);
  assert.deepEqual(rows[0]!.bars, [
    { attempt: 1, state: "failed", begin: 1_000, end: 2_000 },
    { attempt: 2, state: "succeeded", begin: 3_000, end: 4_000 }]);
  assert.equal(rows[2]!.end, null);
});

test("the attempt a failed task ended with is told once", () => {
  const rows = barsOf(
    [task({ state: "failed", attempt: 1, started_at: at(1_000), finished_at: at(2_000) })],
    [{ task: "a", index: null, attempt: 1, outcome: "failed", started_at: at(1_000),
      finished_at: at(2_000), duration_ms: 1_000, executor: "e", error: null }]);
  assert.equal(rows[0]!.bars.length, 1);
});

test("tables are found where there are some", () => {
  assert.deepEqual(tableOf({ columns: ["a", { name: "b" }], rows: [[1, 2], { a: 3, b: 4 }] }),
    { columns: ["a", "b"], rows: [[1, 2], [3, 4]] });
  assert.deepEqual(tableOf([{ a: 1 }, { b: 2 }]), { columns: ["a", "b"], rows: [[1, null], [null, 2]] });
  const others: Json[] = [null, 3, "x", [], [1, { a: 1 }], { a: 1 }, { rows: 3 }, [{}]];
  for (const none of others) {
    assert.equal(tableOf(none), null);
  }
});
