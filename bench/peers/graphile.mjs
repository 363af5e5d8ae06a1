// graphile-worker, at its defaults and as fast as it goes.
//
//   node graphile.mjs SETTINGS URL enqueue|drain|latency COUNT
import {EventEmitter} from 'node:events';

import {Logger, makeWorkerUtils, run} from 'graphile-worker';

import {Latency, main, Stopwatch, untilNone} from './measure.mjs';

const logger = new Logger(() => (level, message) => {
  if (level === 'error') console.error(message);
});
const kJobsPerCall = 5000;

const kSettings = {
  // The default of 1 at a time is for people who have not chosen yet.
  'defaults': {concurrentJobs: 10},
  'concurrency 24': {concurrentJobs: 24},
  // As in its own benchmark (worker.graphile.org/docs/performance), with the
  // size of the local queue that was best here.
  'best': {
    concurrentJobs: 24,
    localQueue: {size: 2000},
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};
// For tuning: WINDLASS_BENCH_GRAPHILE='{"localQueue": {"size": 500}}'.
const kOverrides = JSON.parse(process.env.WINDLASS_BENCH_GRAPHILE ?? '{}');

function start(url, settings, handler, events = new EventEmitter()) {
  return run({
    preset: {worker: {connectionString: url, logger, ...settings, ...kOverrides}},
    taskList: {noop: handler},
    noHandleSignals: true,
    events,
  });
}

async function enqueue(url, count) {
  const utils = await makeWorkerUtils({connectionString: url, logger});
  await utils.migrate();
  const stopwatch = new Stopwatch();
  for (let done = 0; done < count; done += kJobsPerCall) {
    const jobs = [];
    for (let i = done; i < Math.min(count, done + kJobsPerCall); ++i) {
      jobs.push({identifier: 'noop', payload: {i}});
    }
    await utils.addJobs(jobs);
  }
  const result = stopwatch.stop(count);
  await utils.release();
  return result;
}

async function drain(url, count, settings) {
  let stopwatch = null;
  const events = new EventEmitter();
  events.once('worker:getJob:start', () => { stopwatch = new Stopwatch(); });
  let executed = 0;
  let all;
  const allExecuted = new Promise((resolve) => { all = resolve; });
  const runner = await start(url, settings, async () => {
    if (++executed === count) all();
  }, events);
  await allExecuted;
  await untilNone(url, 'select from graphile_worker._private_jobs limit 1');
  const result = stopwatch.stop(count);
  await runner.stop();
  if (executed !== count) throw new Error(`${executed} of ${count} executed`);
  return result;
}

async function latency(url, count, settings) {
  const latency = new Latency();
  const runner = await start(url, settings, async ({i}) => latency.started(i));
  const result = await latency.measure(count, (i) => runner.addJob('noop', {i}));
  await runner.stop();
  return result;
}

await main('graphile-worker', Object.fromEntries(
    Object.entries(kSettings).map(([name, settings]) => [name, {
      enqueue,
      drain: (url, count) => drain(url, count, settings),
      latency: (url, count) => latency(url, count, settings),
    }])));
