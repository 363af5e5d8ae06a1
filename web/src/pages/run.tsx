// One run: what it is, what to do with it, and its tasks in three views.

import { useEffect, useMemo, useState } from "preact/hooks";
import { get, post, runPath } from "../api";
import { between, brief, duration, exact, number } from "../format";
import { condense, graphOf } from "../graph";
import { useEvents, useInterval, useLoad, useNow } from "../live";
import { countStates, mergeTask, nodesOf } from "../merge";
import type { Node } from "../merge";
import { announce } from "../parts/announcer";
import {
  ActionButton, Awaited, Choice, Dialog, StateBadge, StateIcon, Time, useTitle,
} from "../parts/basic";
import type { Action } from "../parts/basic";
import { Dag } from "../parts/dag";
import { JsonTree } from "../parts/json";
import { TaskList } from "../parts/task_list";
import { Timeline } from "../parts/timeline";
import { link, replaceQuery, runLink, taskLink } from "../route";
import type { Route } from "../route";
import { isFinal, TASK_STATES, taskName } from "../types";
import type { Definition, Run, RunDetails, Task, TaskEvent } from "../types";
import { LiveMark } from "./runs";
import { TaskPanel } from "./task";

// Progress of what runs is not told by events.
const PROGRESS_MS = 3_000;

export function RunPage({ route }: { route: Route }) {
  const id = route.parts[1]!;
  const task = route.parts[2] === "tasks" ? route.parts[3] ?? null : null;
  const view = route.query.get("view") ?? "graph";
  const run = useLoad<RunDetails>(runPath(id));
  const { data: pinned } = useLoad<{ definition: Definition }>(`${runPath(id)}/definition`);
  useTitle(run.data ? `${run.data.workflow} ${id}` : id);
  const [nodes, setNodes] = useState<Map<string, Node>>(new Map());
  useEffect(() => setNodes(run.data ? nodesOf(run.data.tasks) : new Map()), [run.data]);
  const liveness = useEvents(id, (event, data) => {
    if (event === "task") setNodes((before) => mergeTask(before, data as TaskEvent));
    if (event === "run") {
      const now = data as Run;
      announce(`The run is ${now.state}`);
      run.set((before) => before && { ...before, ...now });
    }
    run.reload();
  }, run.reload);
  useInterval(run.reload, PROGRESS_MS, run.data !== null && !isFinal(run.data.state));
  const goTo = (name: string) => { location.hash = taskLink(id, name, { view }); };
  return (
    <Awaited loaded={run}>
      {(details) => (
        <>
          <RunHead run={details} reload={run.reload} liveness={
            <LiveMark liveness={liveness} />} definition={pinned?.definition ?? null} />
          <div class="filters">
            <Choice label="View" value={view}
              onChange={(value) => replaceQuery(route.parts, { view: value })}
              options={[["graph", "Graph"], ["timeline", "Timeline"], ["tasks", "Tasks"]]} />
            <StateCounts tasks={details.tasks} />
          </div>
          <div class={`run-body ${task ? "has-panel" : ""}`}>
            <section class="run-view" aria-label={`Tasks, ${view}`}>
              {view === "graph" && pinned && (
                <Dag definition={pinned.definition} nodes={nodes} selected={task}
                  onSelect={goTo}
                  onGroup={(ids) => {
                    location.hash = runLink(id, { view: "tasks", of: ids });
                  }} />)}
              {view === "timeline" && (
                <Timeline run={details} selected={task} onSelect={goTo} />)}
              {view === "tasks" && (
                <TaskList run={details} selected={task}
                  group={groupOf(pinned?.definition, route.query.get("of"))}
                  onWhole={() => { location.hash = runLink(id, { view }); }} />)}
            </section>
            {task && (
              <TaskPanel run={details} name={task}
                known={details.tasks.find((one) => taskName(one) === task) ?? null}
                definition={pinned?.definition ?? null}
                onClose={() => { location.hash = runLink(id, { view }); }}
                key={task} />)}
          </div>
        </>)}
    </Awaited>
  );
}

// The tasks that the graph shows as one with the task `first`.
function groupOf(definition: Definition | undefined, first: string | null): string[] | null {
  if (!definition || first === null) return null;
  return condense(graphOf(definition)).nodes.find(({ id }) => id === first)?.tasks ?? null;
}

function StateCounts({ tasks }: { tasks: Task[] }) {
  // A mapped task is told by its instances.
  const counts = useMemo(
    () => countStates(tasks.filter((task) => task.index !== null || !task.items)), [tasks]);
  return (
    <ul class="counts" aria-label="Tasks by state">
      {TASK_STATES.filter((state) => counts[state]).map((state) => (
        <li key={state} class={`state-${state}`}>
          <StateIcon state={state} /><b>{number(counts[state]!)}</b> {state}
        </li>
      ))}
    </ul>
  );
}

function RunHead(
  { run, definition, liveness, reload }: {
    run: RunDetails; definition: Definition | null; liveness: preact.ComponentChild;
    reload: () => void;
  },
) {
  const now = useNow(!isFinal(run.state));
  const [showsDefinition, setShowsDefinition] = useState(false);
  const hasParams = Object.keys(run.params).length > 0;
  return (
    <>
      <header class="page-head">
        <div class="run-title">
          <a class="muted" href={link(["runs"])}>Runs</a>
          <h1>{run.workflow} <span class="id">{run.run_id}</span></h1>
          <StateBadge state={run.state} />
          {liveness}
        </div>
        <div class="actions">
          {actionsOf(run, reload).map((action) => (
            <ActionButton key={action.label} action={action} />))}
        </div>
      </header>
      <dl class="facts">
        <div><dt>Started</dt><dd><Time at={run.created_at} /></dd></div>
        <div><dt>{run.finished_at ? "Took" : "For"}</dt>
          <dd>{duration(between(run.created_at, run.finished_at, now))}</dd></div>
        {run.finished_at && (
          <div><dt>Ended</dt><dd title={exact(run.finished_at)}>
            <Time at={run.finished_at} /></dd></div>)}
        {run.attempt > 1 && <div><dt>Attempt</dt><dd>{run.attempt}</dd></div>}
        {run.parent && (
          <div><dt>Part of</dt><dd><a href={runLink(run.parent)}>{run.parent}</a></dd></div>)}
        {Object.entries(run.labels ?? {}).map(([name, value]) => (
          <div key={name}><dt>{name}</dt><dd>{String(value)}</dd></div>))}
        {definition && (
          <div><dt>Definition</dt><dd>
            <button type="button" class="link" onClick={() => setShowsDefinition(true)}>
              {number(Object.keys(definition.tasks).length)} tasks, show it</button>
          </dd></div>)}
      </dl>
      {run.reason && <div class="note">{run.reason}</div>}
      {hasParams && (
        <details class="params"><summary>Params <code class="muted">{brief(run.params)}</code></summary><JsonTree value={run.params} /></details>)}
      {showsDefinition && definition && (
        <Dialog title={`Definition of ${run.workflow}`} isWide
          onClose={() => setShowsDefinition(false)}>
          <JsonTree value={definition as never} />
        </Dialog>)}
    </>
  );
}

function actionsOf(run: RunDetails, reload: () => void): Action[] {
  const act = async (what: string, body: unknown, told: string) => {
    await post(`${runPath(run.run_id)}/${what}`, body);
    reload();
    return `${run.run_id} ${told}`;
  };
  const again: Action = {
    label: "Submit again",
    run: async () => {
      const { definition } = await get<{ definition: Definition }>(
        `${runPath(run.run_id)}/definition`);
      const { run_id } = await post<{ run_id: string }>("/runs", {
        definition, params: run.params, ...(run.labels ? { labels: run.labels } : {}),
      });
      location.hash = runLink(run_id);
      return `${run_id} submitted`;
    },
    question: `Submit ${run.workflow} again with the same params?`,
    detail: "It becomes a new run; this one stays as it is.",
  };
  if (isFinal(run.state)) {
    const list: Action[] = [again, {
      label: "Retry all",
      question: `Run all of ${run.run_id} again?`,
      detail: "Every task is executed anew in this run.",
      run: () => act("retry", {}, "runs again"),
    }];
    if (run.state !== "succeeded") {
      list.push({
        label: "Retry from failed", isMain: true,
        question: `Retry ${run.run_id} from what failed?`,
        detail: "What succeeded is kept; failed tasks and what follows them run again.",
        run: () => act("retry", { from_failed: true }, "runs again from what failed"),
      });
    }
    return list;
  }
  return [
    run.state === "paused"
      ? { label: "Resume", isMain: true, run: () => act("resume", {}, "goes on") }
      : { label: "Pause", run: () => act("pause", {}, "is paused: nothing new of it starts") },
    {
      label: "Cancel", isDangerous: true,
      question: `Cancel ${run.run_id}?`,
      detail: "Running attempts are stopped, and nothing of it can succeed afterwards.",
      run: () => act("cancel", { reason: "cancelled on the web page" }, "is cancelled"),
    },
  ];
}


