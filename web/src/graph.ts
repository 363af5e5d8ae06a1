// The DAG of a definition, and a smaller one when there are too many nodes to
// look at. Values in, values out.

import type { Definition } from "./types";

export interface GraphNode {
  id: string;  // Of the task, or of the first task of a group.
  label: string;
  tasks: string[];  // One, or those of the group.
}

export interface Graph {
  nodes: GraphNode[];
  edges: [string, string][];
}

const asList = (value: string[] | string | undefined): string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

export const ON_EXIT = "on_exit";

export function graphOf(definition: Definition): Graph {
  const nodes: GraphNode[] = [];
  const edges: [string, string][] = [];
  const depended = new Set<string>();
  for (const [id, task] of Object.entries(definition.tasks)) {
    nodes.push({ id, label: id, tasks: [id] });
    for (const before of asList(task.depends_on)) {
      edges.push([before, id]);
      depended.add(before);
    }
  }
  if (definition.on_exit) {
    // It runs after everything: so after what nothing else waits for.
    for (const { id } of [...nodes]) if (!depended.has(id)) edges.push([id, ON_EXIT]);
    nodes.push({ id: ON_EXIT, label: ON_EXIT, tasks: [ON_EXIT] });
  }
  return { nodes, edges };
}

export type Neighbours = Map<string, string[]>;

export function neighbours(graph: Graph): { before: Neighbours; after: Neighbours } {
  const before: Neighbours = new Map(graph.nodes.map(({ id }) => [id, []]));
  const after: Neighbours = new Map(graph.nodes.map(({ id }) => [id, []]));
  for (const [from, to] of graph.edges) {
    after.get(from)?.push(to);
    before.get(to)?.push(from);
  }
  return { before, after };
}

// How many steps lead to each node, at the most.
export function depths(graph: Graph): Map<string, number> {
  const { before, after } = neighbours(graph);
  const waiting = new Map([...before].map(([id, list]) => [id, list.length]));
  const found = new Map<string, number>();
  const ready = graph.nodes.map(({ id }) => id).filter((id) => waiting.get(id) === 0);
  for (const id of ready) found.set(id, 0);
  for (let at = 0; at < ready.length; ++at) {
    const id = ready[at]!;
    for (const next of after.get(id)!) {
      found.set(next, Math.max(found.get(next) ?? 0, found.get(id)! + 1));
      waiting.set(next, waiting.get(next)! - 1);
      if (waiting.get(next) === 0) ready.push(next);
    }
  }
  return found;
}

// The same graph with nodes of the same key made one.
function mergeBy(graph: Graph, key: (id: string) => string): Graph {
  const groups = new Map<string, GraphNode>();
  const groupOf = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    const name = key(node.id);
    let group = groups.get(name);
    if (!group) groups.set(name, (group = { id: node.id, label: "", tasks: [] }));
    for (const task of node.tasks) group.tasks.push(task);
    groupOf.set(node.id, group);
  }
  for (const group of groups.values()) {
    const count = group.tasks.length;
    group.label = count === 1 ? group.tasks[0]! : `${group.tasks[0]} … ${group.tasks[count - 1]}`;
  }
  const seen = new Set<string>();
  const edges: [string, string][] = [];
  for (const [from, to] of graph.edges) {
    const a = groupOf.get(from)!.id;
    const b = groupOf.get(to)!.id;
    if (a === b || seen.has(`${a}\n${b}`)) continue;
    seen.add(`${a}\n${b}`);
    edges.push([a, b]);
  }
  return { nodes: [...groups.values()], edges };
}

// Tasks that wait for the same, with the same waiting for them.
function mergeAlike(graph: Graph): Graph {
  const { before, after } = neighbours(graph);
  const text = (list: string[]) => [...list].sort().join(",");
  const lists = new Map(graph.nodes.map(({ id }) =>
    [id, `${text(before.get(id)!)}>${text(after.get(id)!)}`]));
  return mergeBy(graph, (id) => lists.get(id)!);
}

// Tasks that follow one another with nothing branching off.
function mergeChains(graph: Graph): Graph {
  const { before, after } = neighbours(graph);
  const head = new Map<string, string>();
  const order = [...depths(graph)].sort((a, b) => a[1] - b[1]);
  for (const [id] of order) {
    const only = before.get(id)!.length === 1 ? before.get(id)![0]! : null;
    const follows = only !== null && after.get(only)!.length === 1;
    head.set(id, follows ? head.get(only)! : id);
  }
  return mergeBy(graph, (id) => head.get(id)!);
}

const LARGEST = 300;
const LAYERS = 60;

// At most about `largest` nodes: first what is alike is made one, then chains,
// at last whole layers.
export function condense(graph: Graph, largest = LARGEST): Graph {
  let small = graph;
  while (small.nodes.length > largest) {
    const count = small.nodes.length;
    small = mergeAlike(small);
    if (small.nodes.length > largest) small = mergeChains(small);
    if (small.nodes.length === count) break;
  }
  if (small.nodes.length <= largest) return small;
  const depth = depths(small);
  const deepest = Math.max(...depth.values());
  const layers = Math.min(LAYERS, largest);
  const layer = (id: string) =>
    Math.floor((depth.get(id)! * layers) / (deepest + 1));
  return mergeBy(small, (id) => String(layer(id)));
}
