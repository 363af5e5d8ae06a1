// Where the nodes of a graph stand, by dagre.

import dagre from "@dagrejs/dagre";
import type { Graph } from "./graph";

export interface Placed {
  id: string;
  x: number;
  y: number;  // Of its top left corner.
}

export interface Layout {
  width: number;
  height: number;
  nodes: Placed[];
  edges: { from: string; to: string; path: string }[];
}

export const NODE_WIDTH = 196;
export const NODE_HEIGHT = 52;
const MARGIN = 16;

export function layOut(graph: Graph): Layout {
  const given = new dagre.graphlib.Graph();
  given.setGraph({
    rankdir: "LR", nodesep: 18, ranksep: 56, marginx: MARGIN, marginy: MARGIN,
  });
  given.setDefaultEdgeLabel(() => ({}));
  for (const { id } of graph.nodes) {
    given.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  }
  for (const [from, to] of graph.edges) given.setEdge(from, to);
  dagre.layout(given);
  const size = given.graph() as { width?: number; height?: number };
  const nodes = graph.nodes.map(({ id }) => {
    const { x, y } = given.node(id) as { x: number; y: number };
    return { id, x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 };
  });
  const edges = graph.edges.map(([from, to]) => {
    const { points } = given.edge(from, to) as { points: { x: number; y: number }[] };
    return { from, to, path: curve(points) };
  });
  return { width: size.width ?? 0, height: size.height ?? 0, nodes, edges };
}

// A smooth line through dagre's points.
export function curve(points: { x: number; y: number }[]): string {
  const text = ({ x, y }: { x: number; y: number }) => `${x.toFixed(1)},${y.toFixed(1)}`;
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${text(first)}`;
  let last = first;
  for (const point of rest) {
    const middle = (last.x + point.x) / 2;
    path += `C${text({ x: middle, y: last.y })} ${text({ x: middle, y: point.y })} ${text(point)}`;
    last = point;
  }
  return path;
}
