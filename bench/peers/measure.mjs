// What the peers' programs share: the steps of an entrant, and how it measures
// itself. See ../README.md for the contract.
import {readFileSync} from 'node:fs';

import pg from 'pg';

const kPackage = new URL('./package.json', import.meta.url);

// Runs `node PROGRAM SETTINGS URL STEP COUNT`. `systems` maps the name of a
// setting to {enqueue, drain, latency}; each gets (url, count) and resolves to
// what report() prints.
export async function main(system, systems) {
  const [settings, url, step, count] = process.argv.slice(2);
  const run = systems[settings]?.[step];
  if (run === undefined) {
    console.error(`usage: SETTINGS URL enqueue|drain|latency COUNT; ` +
        `settings: ${Object.keys(systems).join(', ')}`);
    process.exit(2);
  }
  const result = await run(url, Number(count));
  const version = JSON.parse(readFileSync(kPackage)).dependencies[system];
  console.log(JSON.stringify({
    system, version, settings, metric: step, ...result,
    peak_rss_mib: Math.round(process.resourceUsage().maxRSS / 1024),
  }));
  process.exit(0);
}

// From its making to stop(): wall time, and CPU time of this process.
export class Stopwatch {
  #begin = process.hrtime.bigint();
  #cpu = process.cpuUsage();

  stop(tasks) {
    const seconds = Number(process.hrtime.bigint() - this.#begin) / 1e9;
    const cpu = process.cpuUsage(this.#cpu);
    return {
      value: tasks / seconds,
      unit: 'tasks/s',
      tasks,
      seconds,
      cpu_us_per_task: (cpu.user + cpu.system) / tasks,
    };
  }
}

// Submits one task at a time to an idle worker. `submit(i)` must lead to a call
// of `started(i)`, which the caller's handler makes, from this process.
export class Latency {
  #waiting = new Map();

  started(i) {
    const waiting = this.#waiting.get(i);
    this.#waiting.delete(i);
    waiting?.resolve(performance.now() - waiting.begin);
  }

  async measure(count, submit) {
    const samples = [];
    // The first ones warm up connections, plans and the compiler.
    for (let i = -20; i < count; ++i) {
      const latency = new Promise((resolve) => {
        this.#waiting.set(i, {begin: performance.now(), resolve});
      });
      await submit(i);
      const milliseconds = await latency;
      if (i >= 0) samples.push(milliseconds);
      await sleep(10 + Math.random() * 10);  // idle again
    }
    samples.sort((a, b) => a - b);
    return {
      value: quantile(samples, 0.5),
      unit: 'ms',
      tasks: count,
      p50: quantile(samples, 0.5),
      p99: quantile(samples, 0.99),
    };
  }
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Resolves when `sql` returns no row: when the database says that all is done.
// Asks every other millisecond, which costs a drained worker nothing.
export async function untilNone(url, sql) {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  while ((await client.query(sql)).rowCount > 0) await sleep(2);
  await client.end();
}

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}
