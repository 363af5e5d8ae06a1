import assert from "node:assert/strict";
import { test } from "node:test";
import { condense, depths, graphOf } from "../src/graph";
import type { Graph } from "../src/graph";
import { curve, layOut } from "../src/layout";

const task = (...before: string[]) => ({ type: "noop", depends_on: before });

const ids = (graph: Graph) => graph.nodes.map(({ id }) => id);

// Every task is in one group, and every edge between two is between their groups.
function checkHolds(whole: Graph, small: Graph): void {
  const groupOf = new Map<string, string>();
  for (const { id, tasks } of small.nodes) {
    for (const one of tasks) {
      assert.ok(!groupOf.has(one));
      groupOf.set(one, id);
    }
  }
  assert.equal(groupOf.size, whole.nodes.length);
  const edges = new Set(small.edges.map(String));
  for (const [from, to] of whole.edges) {
    const pair = [groupOf.get(from)!, groupOf.get(to)!];
    assert.ok(pair[0] === pair[1] || edges.has(String(pair)), `${from} ${to}`);
  }
  // A cycle would leave nodes without a depth.
  assert.equal(depths(small).size, small.nodes.length);
}

test("a definition is a graph, and on_exit comes after what ends it", () => {
  const graph = graphOf({
    name: "x", tasks: { a: task(), b: task("a"), c: { type: "noop", depends_on: "a" } },
    on_exit: { type: "noop" },
  });
  assert.deepEqual(ids(graph), ["a", "b", "c", "on_exit"]);
  assert.deepEqual(graph.edges,
    [["a", "b"], ["a", "c"], ["b", "on_exit"], ["c", "on_exit"]]);
});

test("a depth is the longest way", () => {
  const graph = graphOf({ name: "x", tasks: { a: task(), b: task("a"), c: task("a", "b") } });
  assert.deepEqual([...depths(graph)], [["a", 0], ["b", 1], ["c", 2]]);
});

test("a small graph stays as it is", () => {
  const graph = graphOf({ name: "x", tasks: { a: task(), b: task("a") } });
  assert.equal(condense(graph), graph);
});

test("tasks that are alike become one", () => {
  const tasks: Record<string, ReturnType<typeof task>> = { first: task() };
  for (let i = 0; i < 10_000; ++i) tasks[`t${i}`] = task("first");
  tasks.last = task(...Object.keys(tasks).slice(1));
  const graph = graphOf({ name: "x", tasks });
  const small = condense(graph);
  checkHolds(graph, small);
  assert.deepEqual(ids(small), ["first", "t0", "last"]);
  assert.equal(small.nodes[1]!.label, "t0 … t9999");
});

test("a chain of ten thousand becomes short", () => {
  const tasks: Record<string, ReturnType<typeof task>> = { t0: task() };
  for (let i = 1; i < 10_000; ++i) tasks[`t${i}`] = task(`t${i - 1}`);
  const graph = graphOf({ name: "x", tasks });
  const small = condense(graph);
  checkHolds(graph, small);
  assert.ok(small.nodes.length <= 300);
});

test("a tangle becomes layers without a cycle", () => {
  const tasks: Record<string, ReturnType<typeof task>> = {};
  let seed = 7;
  const random = (most: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % most;
  };
  for (let i = 0; i < 3_000; ++i) {
    const before = new Set(i === 0 ? [] : [random(i), random(i), random(i)]);
    tasks[`t${i}`] = task(...[...before].map((one) => `t${one}`));
  }
  const graph = graphOf({ name: "x", tasks });
  const small = condense(graph);
  checkHolds(graph, small);
  assert.ok(small.nodes.length <= 300, String(small.nodes.length));
});

test("nodes stand apart, and later ones further right", () => {
  const graph = graphOf({ name: "x", tasks: { a: task(), b: task("a"), c: task("a") } });
  const { nodes, edges, width, height } = layOut(graph);
  const [a, b, c] = nodes as [typeof nodes[0], typeof nodes[0], typeof nodes[0]];
  assert.ok(a!.x < b!.x && b!.x === c!.x);
  assert.ok(Math.abs(b!.y - c!.y) > 50);
  assert.equal(edges.length, 2);
  assert.ok(width > 400 && height > 100);
});

test("a line goes through its points", () => {
  assert.equal(curve([{ x: 0, y: 0 }, { x: 10, y: 4 }]), "M0.0,0.0C5.0,0.0 5.0,4.0 10.0,4.0");
  assert.equal(curve([]), "");
});
