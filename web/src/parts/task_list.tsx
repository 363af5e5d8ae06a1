// All tasks of a run, with filters; only those in sight are in the document.

import { useMemo, useState } from "preact/hooks";
import { brief, duration, number, plural } from "../format";
import { taskLink } from "../route";
import { TASK_STATES, taskName } from "../types";
import type { RunDetails, Task } from "../types";
import { Empty, StateBadge } from "./basic";
import { Cell, VirtualList } from "./virtual";

export function TaskList(
  { run, selected, group, onWhole }: {
    run: RunDetails;
    selected: string | null;
    group: string[] | null;  // Of these alone.
    onWhole: () => void;
  },
) {
  const [state, setState] = useState("");
  const [text, setText] = useState("");
  const tasks = useMemo(() => {
    const members = group ? new Set(group) : null;
    const word = text.trim().toLowerCase();
    return run.tasks.filter((task) =>
      (!members || members.has(task.id)) &&
      (!state || task.state === state) &&
      (!word || taskName(task).toLowerCase().includes(word) ||
        task.type.includes(word) || (task.error?.message ?? "").toLowerCase().includes(word)));
  }, [run.tasks, group, state, text]);
  return (
    <>
      <div class="filters inner">
        <select aria-label="State of the tasks" value={state}
          onChange={(event) => setState(event.currentTarget.value)}>
          <option value="">Any state</option>
          {TASK_STATES.map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
        <input type="search" class="grows" aria-label="Search tasks"
          placeholder="Search name, type, error…" value={text}
          onInput={(event) => setText(event.currentTarget.value)} />
        {group && (
          <button type="button" onClick={onWhole}>
            {plural(group.length, "task")} of a group ✕</button>)}
        <span class="muted">{number(tasks.length)} of {number(run.tasks.length)}</span>
      </div>
      {tasks.length === 0
        ? <Empty title="No task is like that" />
        : (
          <VirtualList class="tasks" label="Tasks" items={tasks} rowHeight={40} keyOf={taskName}
            head={
              <>
                <Cell head>State</Cell><Cell head>Task</Cell><Cell head class="wide-only">Type</Cell>
                <Cell head class="wide-only right">Attempt</Cell>
                <Cell head class="right">Time</Cell><Cell head class="wide-only">About</Cell>
              </>}>
            {(task) => <Row run={run} task={task} isSelected={taskName(task) === selected} />}
          </VirtualList>)}
    </>
  );
}

function Row({ run, task, isSelected }: { run: RunDetails; task: Task; isSelected: boolean }) {
  return (
    <>
      <Cell><StateBadge state={task.state} /></Cell>
      <Cell class={`strong ${task.index === null ? "" : "indented"}`}>
        <a class="row-link" aria-current={isSelected ? "true" : undefined}
          href={taskLink(run.run_id, taskName(task), { view: "tasks" })}>{taskName(task)}</a>
      </Cell>
      <Cell class="muted wide-only">{task.type}</Cell>
      <Cell class="right muted wide-only">{task.attempt || ""}</Cell>
      <Cell class="right">{task.duration_ms === null ? "" : duration(task.duration_ms)}</Cell>
      <Cell class="muted wide-only">{aboutOf(task)}</Cell>
    </>
  );
}

function aboutOf(task: Task): string {
  if (task.waiting_since) return task.message ?? "";
  if (task.error) return `${task.error.type}: ${brief(task.error.message, 120)}`;
  if (task.state === "running" && task.progress !== undefined) {
    return `${Math.round(task.progress * 100)} % ${task.message ?? ""}`;
  }
  if (task.items !== undefined) return plural(task.items, "instance");
  return task.cached_from ? "from the cache" : "";
}
