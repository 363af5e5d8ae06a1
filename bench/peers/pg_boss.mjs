// pg-boss, as fast as it goes.
//
//   node pg_boss.mjs best URL enqueue|drain|latency COUNT
import {PgBoss} from 'pg-boss';

import {Latency, main, Stopwatch, untilNone} from './measure.mjs';

const kQueue = 'noop';
const kJobsPerCall = 5000;

const kSettings = {
  'best': {
    work: {
      batchSize: 1000,
      localConcurrency: 4,
      burstWhenBatchFull: true,
      pollingIntervalSeconds: 0.5,
    },
    queue: {notify: true},
    boss: {useListenNotify: true},
  },
};
// For tuning: WINDLASS_BENCH_PG_BOSS='{"batchSize": 500}'.
const kOverrides = JSON.parse(process.env.WINDLASS_BENCH_PG_BOSS ?? '{}');

async function open(url, settings) {
  const boss = new PgBoss({connectionString: url, ...settings.boss});
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(kQueue, settings.queue);
  return boss;
}

async function enqueue(url, count, settings) {
  const boss = await open(url, settings);
  const stopwatch = new Stopwatch();
  for (let done = 0; done < count; done += kJobsPerCall) {
    const jobs = [];
    for (let i = done; i < Math.min(count, done + kJobsPerCall); ++i) {
      jobs.push({data: {i}});
    }
    await boss.insert(kQueue, jobs);
  }
  const result = stopwatch.stop(count);
  await boss.stop({graceful: false});
  return result;
}

async function drain(url, count, settings) {
  const boss = await open(url, settings);
  let executed = 0;
  let all;
  const allExecuted = new Promise((resolve) => { all = resolve; });
  const stopwatch = new Stopwatch();
  await boss.work(kQueue, {...settings.work, ...kOverrides}, async (jobs) => {
    executed += jobs.length;
    if (executed === count) all();
  });
  await allExecuted;
  await untilNone(url, `select from pgboss.job where name = '${kQueue}' ` +
      `and state < 'completed' limit 1`);
  const result = stopwatch.stop(count);
  await boss.stop({graceful: false});
  if (executed !== count) throw new Error(`${executed} of ${count} executed`);
  return result;
}

async function latency(url, count, settings) {
  const boss = await open(url, settings);
  const latency = new Latency();
  await boss.work(kQueue, {...settings.work, ...kOverrides}, async (jobs) => {
    for (const job of jobs) latency.started(job.data.i);
  });
  const result = await latency.measure(count, (i) => boss.send(kQueue, {i}));
  await boss.stop({graceful: false});
  return result;
}

await main('pg-boss', Object.fromEntries(
    Object.entries(kSettings).map(([name, settings]) => [name, {
      enqueue: (url, count) => enqueue(url, count, settings),
      drain: (url, count) => drain(url, count, settings),
      latency: (url, count) => latency(url, count, settings),
    }])));
