// One task of a run, or an instance of a mapped one.

import { useEffect } from "preact/hooks";
import { taskPath } from "../api";
import { duration, plural } from "../format";
import { useLoad } from "../live";
import { DataTable, JsonTree } from "../parts/json";
import { Awaited, StateBadge, Time, useTitle } from "../parts/basic";
import { LogView } from "../parts/log";
import { ResultView } from "../parts/result";
import { runLink } from "../route";
import { taskName } from "../types";
import type {
  Attempt, Definition, Json, JsonObject, RunDetails, Saved, Task, TaskError,
} from "../types";

export function TaskPanel(
  { run, name, known, definition, onClose }: {
    run: RunDetails;
    name: string;
    known: Task | null;  // As the run tells it.
    definition: Definition | null;
    onClose: () => void;
  },
) {
  useTitle(`${name} of ${run.run_id}`);
  const loaded = useLoad<Task>(taskPath(run.run_id, name));
  const saved = useLoad<Saved>(`${taskPath(run.run_id, name)}/saved`);
  // What the run tells of it is newer: then there is more to tell.
  const version = JSON.stringify([known?.state, known?.attempt, known?.progress]);
  useEffect(() => {
    loaded.reload();
    saved.reload();
  }, [version]);
  return (
    <aside class="panel" aria-label={`Task ${name}`}
      onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <header>
        <h2>{name}</h2>
        <button type="button" class="ghost" aria-label="Close the task" onClick={onClose}>✕</button>
      </header>
      <Awaited loaded={loaded}>
        {(task) => (
          <>
            <Facts task={{ ...task, ...known, history: task.history ?? [] }} />
            {task.error && <ErrorView error={task.error} />}
            {task.result && task.result.kind !== "none" && (
              <Section title="Result">
                <ResultView run={run.run_id} task={name} envelope={task.result} />
              </Section>)}
            {task.index === null && task.items !== undefined && task.items > 0 && (
              <Section title={plural(task.items, "instance")}>
                <a href={runLink(run.run_id, { view: "tasks", of: task.id })}>
                  Show them in the list of tasks</a>
              </Section>)}
            {task.attempt > 0 && (
              <Section title="Log">
                <LogView key={name} run={run.run_id} task={name}
                  attempts={Math.max(task.attempt, known?.attempt ?? 0)} />
              </Section>)}
            <Attempts task={task} />
            {saved.data && <SavedView saved={saved.data} />}
            {definition && <DefinitionView definition={definition} id={task.id} />}
          </>)}
      </Awaited>
    </aside>
  );
}

function Section({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return <section><h3>{title}</h3>{children}</section>;
}

function Facts({ task }: { task: Task }) {
  return (
    <>
      <dl class="facts">
        <div><dt>State</dt><dd><StateBadge state={task.state} /></dd></div>
        <div><dt>Type</dt><dd>{task.type}</dd></div>
        {task.attempt > 0 && <div><dt>Attempt</dt><dd>{task.attempt}</dd></div>}
        {task.duration_ms !== null && (
          <div><dt>Took</dt><dd>{duration(task.duration_ms)}</dd></div>)}
        {task.started_at && <div><dt>Started</dt><dd><Time at={task.started_at} /></dd></div>}
        {task.waiting_since && (
          <div><dt>Waits for its callback since</dt><dd><Time at={task.waiting_since} /></dd></div>)}
        {task.due_at && <div><dt>{task.waiting_since ? "Until" : "Due"}</dt><dd><Time at={task.due_at} /></dd></div>}
        {task.executor && <div><dt>Executor</dt><dd>{task.executor}</dd></div>}
        {task.cached_from && <div><dt>From the cache</dt><dd>{task.cached_from}</dd></div>}
      </dl>
      {task.state === "running" && task.progress !== undefined && (
        <div class="progress">
          <progress max={1} value={task.progress} aria-label={`Progress of ${taskName(task)}`} />
          <span>{Math.round(task.progress * 100)} % {task.message}</span>
        </div>)}
    </>
  );
}

function ErrorView({ error }: { error: TaskError }) {
  return (
    <div class="note note-error">
      <div>
        <strong>{error.type}</strong>
        <pre class="text" tabIndex={0}>{error.message}</pre>
        <p class="muted">
          {[`attempt ${error.attempt}`, error.retryable ? "may be retried" : "is not retried",
            error.category].filter(Boolean).join(" · ")}
        </p>
        {error.details !== undefined && error.details !== null && (
          <details open><summary>Details</summary><JsonTree value={error.details} /></details>)}
      </div>
    </div>
  );
}

function Attempts({ task }: { task: Task }) {
  const history = [...(task.history ?? [])].reverse();
  if (history.length === 0) return null;
  return (
    <Section title={plural(history.length, "attempt")}>
      <ol class="attempts">
        {history.map((attempt) => <AttemptView key={attempt.attempt} attempt={attempt} />)}
      </ol>
    </Section>
  );
}

export function AttemptView({ attempt }: { attempt: Attempt }) {
  return (
    <li>
      <div class="attempt-line">
        <b>{attempt.attempt}</b>
        <StateBadge state={attempt.outcome} />
        <span>{duration(attempt.duration_ms)}</span>
        <span class="muted"><Time at={attempt.started_at} /></span>
        <span class="muted cut" title={attempt.executor}>{attempt.executor}</span>
      </div>
      {attempt.error && (
        <div class="attempt-error">
          <code>{attempt.error.type}</code> {attempt.error.message}
          {attempt.error.details != null && (
            <details><summary>Details</summary>
              <JsonTree value={attempt.error.details} /></details>)}
        </div>)}
    </li>
  );
}

function SavedView({ saved }: { saved: Saved }) {
  const entries = Object.entries(saved.saved);
  if (entries.length === 0 && saved.heartbeat_details === null) return null;
  return (
    <Section title="Kept between attempts">
      {saved.heartbeat_details !== null && (
        <JsonTree name="heartbeat" value={saved.heartbeat_details} />)}
      {entries.map(([name, envelope]) => (
        <JsonTree key={name} name={name}
          value={envelope.value ?? (envelope as unknown as JsonObject)} />))}
    </Section>
  );
}

// What the definition says of it: expressions as they are written.
function DefinitionView({ definition, id }: { definition: Definition; id: string }) {
  const task = id === "on_exit" ? definition.on_exit : definition.tasks[id];
  if (!task) return null;
  const { params, ...rest } = task as unknown as JsonObject;
  return (
    <>
      {params !== undefined && Object.keys(params as object).length > 0 && (
        <Section title="Params, as written"><JsonTree value={params} /></Section>)}
      <Section title="Definition">
        <DataTable label="Definition of the task"
          table={{ columns: ["field", "value"], rows: Object.entries(rest) as Json[][] }} />
      </Section>
    </>
  );
}
