// What a timeline shows of a run. Values in, values out.

import { taskName } from "./types";
import type { RunAttempt, Task } from "./types";

export interface Bar {
  attempt: number;
  state: string;
  begin: number;
  end: number | null;  // Null: it still runs.
}

export interface Row {
  name: string;
  state: string;
  begin: number;
  end: number | null;
  bars: Bar[];
}

// By the time they began; tasks that have not begun have no row, nor has a
// mapped task beside its instances.
export function barsOf(tasks: Task[], attempts: RunAttempt[]): Row[] {
  const earlier = new Map<string, Bar[]>();
  for (const attempt of attempts) {
    const name = taskName({ id: attempt.task, index: attempt.index });
    const bar = {
      attempt: attempt.attempt, state: attempt.outcome,
      begin: Date.parse(attempt.started_at), end: Date.parse(attempt.finished_at),
    };
    const list = earlier.get(name);
    if (list) list.push(bar);
    else earlier.set(name, [bar]);
  }
  const rows: Row[] = [];
  for (const task of tasks) {
    if (task.items) continue;
    const name = taskName(task);
    const bars = earlier.get(name) ?? [];
    const isTold = task.state !== "running" &&
      bars.some(({ begin }) => begin === Date.parse(task.started_at ?? ""));
    if (task.started_at && !isTold) {
      bars.push({
        attempt: task.attempt, state: task.state, begin: Date.parse(task.started_at),
        end: task.finished_at ? Date.parse(task.finished_at) : endOf(task),
      });
    }
    if (bars.length === 0) continue;
    bars.sort((a, b) => a.begin - b.begin);
    rows.push({
      name, state: task.state, bars, begin: bars[0]!.begin, end: bars.at(-1)!.end,
    });
  }
  return rows.sort((a, b) => a.begin - b.begin);
}

function endOf(task: Task): number | null {
  if (task.state === "running" || task.duration_ms === null) return null;
  return Date.parse(task.started_at!) + task.duration_ms;
}
