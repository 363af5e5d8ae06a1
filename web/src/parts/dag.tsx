// The run as a graph: laid out once by its definition, coloured as states come.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { number, plural } from "../format";
import { condense, graphOf, neighbours } from "../graph";
import type { Graph, GraphNode } from "../graph";
import { layOut, NODE_HEIGHT, NODE_WIDTH } from "../layout";
import type { Layout } from "../layout";
import { summaryState } from "../merge";
import type { Counts, Node } from "../merge";
import { TASK_STATES } from "../types";
import type { Definition, TaskState } from "../types";
import { StateIcon } from "./basic";

interface View {
  x: number;
  y: number;
  scale: number;
}

interface Shown {
  state: TaskState;
  counts: Counts;
  total: number;
  type: string;
}

export function Dag(
  { definition, nodes, selected, onSelect, onGroup }: {
    definition: Definition;
    nodes: Map<string, Node>;
    selected: string | null;
    onSelect: (task: string) => void;
    onGroup: (tasks: string) => void;
  },
) {
  const { graph, layout, total } = useMemo(() => {
    const whole = graphOf(definition);
    const small = condense(whole);
    return { graph: small, layout: layOut(small), total: whole.nodes.length };
  }, [definition]);
  const frame = useRef<HTMLDivElement>(null);
  const { view, setView, fit } = useView(frame, layout);
  const [focused, setFocused] = useState(graph.nodes[0]?.id ?? "");
  const zoom = (factor: number) => setView(zoomed(view, factor, center(frame.current!)));
  const open = (node: GraphNode) =>
    node.tasks.length === 1 ? onSelect(node.tasks[0]!) : onGroup(node.id);
  return (
    <div class="dag" ref={frame}>
      {graph.nodes.length < total && (
        <p class="dag-note">{number(total)} tasks as {plural(graph.nodes.length, "group")}</p>)}
      <div class="dag-tools">
        <button type="button" aria-label="Zoom in" onClick={() => zoom(1.25)}>+</button>
        <button type="button" aria-label="Zoom out" onClick={() => zoom(0.8)}>−</button>
        <button type="button" onClick={fit}>Fit</button>
      </div>
      <svg role="group" aria-label="Graph of the tasks; arrow keys go from task to task"
        onKeyDown={(event) => {
          const next = neighbourBy(event.key, focused, graph, layout);
          if (!next) return;
          event.preventDefault();
          setFocused(next);
          document.getElementById(`node-${next}`)?.focus();
        }}>
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          {layout.edges.map(({ from, to, path }) => (
            <path key={`${from} ${to}`} class="edge" d={path} />))}
          {layout.nodes.map(({ id, x, y }, i) => {
            const node = graph.nodes[i]!;
            return (
              <NodeBox key={id} node={node} x={x} y={y} shown={shownOf(node, nodes)}
                isSelected={node.tasks.length === 1 && baseOf(selected) === id}
                isTabStop={id === focused}
                onFocus={() => setFocused(id)} onOpen={() => open(node)} />);
          })}
        </g>
      </svg>
    </div>
  );
}

const baseOf = (name: string | null) => name?.replace(/\[\d+\]$/, "") ?? null;

function shownOf(node: GraphNode, nodes: Map<string, Node>): Shown {
  if (node.tasks.length === 1) {
    const one = nodes.get(node.id);
    if (!one) return { state: "pending", counts: {}, total: 1, type: "" };
    const total = Object.values(one.counts).reduce((sum, count) => sum + count, 0);
    return { state: one.state, counts: one.counts, total: one.isMapped ? total : 1, type: one.type };
  }
  const counts: Counts = {};
  for (const task of node.tasks) {
    const state = nodes.get(task)?.state ?? "pending";
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return { state: summaryState(counts), counts, total: node.tasks.length, type: "" };
}

function NodeBox(
  { node, x, y, shown, isSelected, isTabStop, onFocus, onOpen }: {
    node: GraphNode; x: number; y: number; shown: Shown; isSelected: boolean;
    isTabStop: boolean; onFocus: () => void; onOpen: () => void;
  },
) {
  const { state, counts, total, type } = shown;
  const isMany = total > 1 || node.tasks.length > 1;
  const words = TASK_STATES.filter((one) => counts[one])
    .map((one) => `${number(counts[one]!)} ${one}`).join(", ");
  const label = isMany ? `${node.label}: ${plural(total, "task")}, ${words}`
    : `${node.label}: ${state}`;
  const below = isMany
    ? `${number(counts.succeeded ?? 0)} / ${number(total)}` : `${type} · ${state}`;
  return (
    <g id={`node-${node.id}`} class={`node state-${state} ${isSelected ? "selected" : ""}`}
      transform={`translate(${x} ${y})`} role="button" aria-label={label}
      tabIndex={isTabStop ? 0 : -1} onFocus={onFocus} onClick={onOpen}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        onOpen();
      }}>
      <title>{label}</title>
      {isMany && <rect class="node-behind" x="4" y="4" width={NODE_WIDTH} height={NODE_HEIGHT} rx="8" />}
      <rect class="node-box" width={NODE_WIDTH} height={NODE_HEIGHT} rx="8" />
      <StateIcon state={state} x={12} y={11} />
      <text class="node-name" x="34" y="22">{cut(node.label, 21)}</text>
      <text class="node-more" x="34" y="40">{cut(below, 26)}</text>
      {isMany && <CountBar counts={counts} total={total} />}
    </g>
  );
}

// What share of the instances is in which state.
function CountBar({ counts, total }: { counts: Counts; total: number }) {
  const width = 78;
  let x = NODE_WIDTH - width - 12;
  const order: TaskState[] = ["succeeded", "failed", "cancelled", "skipped", "running"];
  return (
    <g>
      <rect class="bar-ground" x={x} y="33" width={width} height="6" rx="3" />
      {order.filter((state) => counts[state]).map((state) => {
        const share = (counts[state]! / total) * width;
        const rect = <rect key={state} class={`bar state-${state}`} x={x} y="33" width={share} height="6" />;
        x += share;
        return rect;
      })}
    </g>
  );
}

const cut = (text: string, most: number) =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

// --- moving about

function center(element: Element): { x: number; y: number } {
  return { x: element.clientWidth / 2, y: element.clientHeight / 2 };
}

const SMALLEST = 0.05;
const LARGEST = 2.5;

function zoomed(view: View, factor: number, at: { x: number; y: number }): View {
  const scale = Math.min(LARGEST, Math.max(SMALLEST, view.scale * factor));
  const grown = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * grown, y: at.y - (at.y - view.y) * grown };
}

function useView(frame: { current: HTMLDivElement | null }, layout: Layout) {
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 });
  const fit = () => {
    const { clientWidth, clientHeight } = frame.current!;
    const scale = Math.min(1, Math.max(SMALLEST,
      Math.min(clientWidth / layout.width, clientHeight / layout.height)));
    setView({
      scale,
      x: Math.max(0, (clientWidth - layout.width * scale) / 2),
      y: Math.max(0, (clientHeight - layout.height * scale) / 2),
    });
  };
  useLayoutEffect(fit, [layout]);
  useEffect(() => {
    const element = frame.current!;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      if (event.ctrlKey || event.metaKey || !event.shiftKey && Math.abs(event.deltaX) < 1) {
        setView((before) => zoomed(before, Math.exp(-event.deltaY / 400), at));
      } else {
        setView((before) => ({ ...before, x: before.x - event.deltaX, y: before.y - event.deltaY }));
      }
    };
    let from: { x: number; y: number } | null = null;
    const onDown = (event: PointerEvent) => {
      from = { x: event.clientX, y: event.clientY };
    };
    const onMove = (event: PointerEvent) => {
      if (!from || event.buttons === 0) return;
      const moved = { x: event.clientX - from.x, y: event.clientY - from.y };
      from = { x: event.clientX, y: event.clientY };
      setView((before) => ({ ...before, x: before.x + moved.x, y: before.y + moved.y }));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    element.addEventListener("pointerdown", onDown);
    element.addEventListener("pointermove", onMove);
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("pointerdown", onDown);
      element.removeEventListener("pointermove", onMove);
    };
  }, []);
  return { view, setView, fit };
}

// Right and left follow the arrows, up and down go to what stands nearest.
function neighbourBy(key: string, from: string, graph: Graph, layout: Layout): string | null {
  const { before, after } = neighbours(graph);
  if (key === "ArrowRight") return after.get(from)?.[0] ?? null;
  if (key === "ArrowLeft") return before.get(from)?.[0] ?? null;
  if (key !== "ArrowDown" && key !== "ArrowUp") return null;
  const sign = key === "ArrowDown" ? 1 : -1;
  const here = layout.nodes.find(({ id }) => id === from);
  if (!here) return null;
  const away = layout.nodes.filter(({ y }) => (y - here.y) * sign > 1)
    .map(({ id, x, y }) => ({ id, distance: Math.abs(y - here.y) + 2 * Math.abs(x - here.x) }));
  away.sort((a, b) => a.distance - b.distance);
  return away[0]?.id ?? null;
}
