// The series that charts show, of runs and of counts. Values in, values out.

import { quantile } from "./format";
import type { Run, Statistics } from "./types";

export const OUTCOMES = ["succeeded", "failed", "cancelled"] as const;
export type Outcome = (typeof OUTCOMES)[number];

// When so many had ended, in all.
export interface Sample {
  at: number;
  counts: Statistics["runs"];
}

export interface Series {
  times: number[];  // Seconds since 1970: the end of each step.
  values: (number | null)[][];
}

export interface Window {
  end: number;
  stepMs: number;
  steps: number;
}

function timesOf({ end, stepMs, steps }: Window): number[] {
  const last = Math.floor(end / stepMs) * stepMs;
  return Array.from({ length: steps }, (_, i) => (last - (steps - 1 - i) * stepMs) / 1_000);
}

// Runs per second by outcome. Where two samples stand around a step they say it
// exactly; before them it is counted from the runs that are known, back to the
// time from which all of them are.
export function throughput(
  runs: Run[], knownSince: number, samples: Sample[], window: Window,
): Series {
  const times = timesOf(window);
  const ended = endings(runs);
  const values = OUTCOMES.map((outcome) => times.map((time) => {
    const to = time * 1_000;
    const from = to - window.stepMs;
    const sampled = sampledRate(samples, outcome, from, to);
    if (sampled !== null) return sampled;
    if (from < knownSince) return null;
    return ended.filter((run) => run.state === outcome && run.at > from && run.at <= to)
      .length / (window.stepMs / 1_000);
  }));
  return { times, values };
}

function sampledRate(samples: Sample[], outcome: Outcome, from: number, to: number): number | null {
  const before = samples.findLast(({ at }) => at <= from);
  const after = samples.find(({ at }) => at >= to);
  if (!before || !after) return null;
  // Old runs that are deleted make the counts smaller.
  const count = Math.max(0, after.counts[outcome] - before.counts[outcome]);
  return count / ((after.at - before.at) / 1_000);
}

interface Ending {
  at: number;
  state: string;
  took: number;
}

function endings(runs: Run[]): Ending[] {
  return runs.filter((run) => run.finished_at !== null).map((run) => {
    const at = Date.parse(run.finished_at!);
    return { at, state: run.state, took: at - Date.parse(run.created_at) };
  });
}

// Median and 95th percentile of how long runs took, in seconds, by when they ended.
export function latency(runs: Run[], window: Window): Series {
  const times = timesOf(window);
  const ended = endings(runs);
  const took = times.map((time) => {
    const to = time * 1_000;
    return ended.filter(({ at }) => at > to - window.stepMs && at <= to)
      .map((run) => run.took / 1_000).sort((a, b) => a - b);
  });
  const at = (q: number) => took.map((list) => (list.length === 0 ? null : quantile(list, q)));
  return { times, values: [at(0.5), at(0.95)] };
}
