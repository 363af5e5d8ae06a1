// Executors, queues and limits: what works, what waits, what holds it up.

import { post } from "../api";
import { number, plural, relative } from "../format";
import { useLoad, useNow } from "../live";
import { ActionButton, Awaited, Empty, Page, StateBadge, Time } from "../parts/basic";
import { TableFrame } from "../parts/table_frame";
import type { Executor, Limit, Queue } from "../types";

const EVERY_MS = 2_000;

export function ExecutorsPage() {
  const loaded = useLoad<{ executors: Executor[] }>("/executors", EVERY_MS);
  return (
    <Page title="Executors">
      <Awaited loaded={loaded}>
        {({ executors }) => executors.length === 0
          ? (
            <Empty title="No executor has come yet">
              <p>Start one by <code>windlass executor</code>: without any, nothing runs.</p>
            </Empty>)
          : <ExecutorTable executors={executors} reload={loaded.reload} />}
      </Awaited>
    </Page>
  );
}

function ExecutorTable({ executors, reload }: { executors: Executor[]; reload: () => void }) {
  const now = useNow();
  const alive = executors.filter(({ state }) => state !== "lost");
  const sum = (of: (executor: Executor) => number) =>
    alive.reduce((total, executor) => total + of(executor), 0);
  return (
    <>
      <p class="muted">
        {plural(alive.length, "executor")} · {number(sum(({ busy }) => busy))} of
        {" "}{plural(sum(({ slots }) => slots), "slot")} busy
      </p>
      <TableFrame label="Executors">
        <table class="cards">
          <thead><tr><th>State</th><th>Name</th><th>Profile</th><th>Slots</th><th>Queues</th>
            <th class="right">Heartbeat</th><th class="right">Started</th><th><span
              class="visually-hidden">Actions</span></th></tr></thead>
          <tbody>
            {executors.map((executor) => (
              <tr key={executor.name}>
                <td><StateBadge state={executor.state} /></td>
                <td class="strong">{executor.name}</td>
                <td>{executor.profile}</td>
                <td><Slots busy={executor.busy} slots={executor.slots} /></td>
                <td class="muted">{executor.queues.join(", ") || "all"}</td>
                <td class="right" title={executor.last_heartbeat}>
                  {relative(Date.parse(executor.last_heartbeat), now)}</td>
                <td class="right muted"><Time at={executor.started_at} /></td>
                <td class="right">
                  {executor.state === "running" && (
                    <ActionButton action={{
                      label: "Drain", isDangerous: true,
                      question: `Drain ${executor.name}?`,
                      detail: "It takes nothing new, finishes what it has, gives the rest back, and ends.",
                      run: async () => {
                        await post(`/executors/${encodeURIComponent(executor.name)}/drain`);
                        reload();
                        return `${executor.name} drains`;
                      },
                    }} />)}
                </td>
              </tr>))}
          </tbody>
        </table>
      </TableFrame>
    </>
  );
}

function Slots({ busy, slots }: { busy: number; slots: number }) {
  return (
    <span class="meter">
      <meter min={0} max={Math.max(1, slots)} value={busy} aria-label="Busy slots" />
      {busy} / {slots}
    </span>
  );
}

export function QueuesPage() {
  const loaded = useLoad<{ queues: Queue[] }>("/queues", EVERY_MS);
  const change = async (queue: Queue) => {
    await post(`/queues/${encodeURIComponent(queue.name)}/${queue.paused ? "resume" : "pause"}`);
    loaded.reload();
    return `Queue ${queue.name} is ${queue.paused ? "open" : "paused"}`;
  };
  return (
    <Page title="Queues">
      <Awaited loaded={loaded}>
        {({ queues }) => queues.length === 0
          ? <Empty title="No queue has been used yet" />
          : (
            <TableFrame label="Queues">
              <table class="cards">
                <thead><tr><th>State</th><th>Queue</th><th class="right">Ready</th>
                  <th class="right">Running</th><th class="right">Scheduled</th>
                  <th class="right">Oldest ready</th><th><span
                    class="visually-hidden">Actions</span></th></tr></thead>
                <tbody>
                  {queues.map((queue) => (
                    <tr key={queue.name}>
                      <td><StateBadge state={queue.paused ? "paused" : "open"} /></td>
                      <td class="strong">{queue.name}</td>
                      <td class="right">{number(queue.ready)}</td>
                      <td class="right">{number(queue.running)}</td>
                      <td class="right">{number(queue.scheduled)}</td>
                      <td class="right muted"><Time at={queue.oldest_ready} /></td>
                      <td class="right">
                        <ActionButton action={queue.paused
                          ? { label: "Resume", run: () => change(queue) }
                          : {
                            label: "Pause", question: `Pause the queue ${queue.name}?`,
                            detail: "Nothing more is claimed from it until it is resumed; what runs goes on.",
                            run: () => change(queue),
                          }} />
                      </td>
                    </tr>))}
                </tbody>
              </table>
            </TableFrame>)}
      </Awaited>
    </Page>
  );
}

export function LimitsPage() {
  const loaded = useLoad<{ limits: Limit[] }>("/limits", EVERY_MS);
  return (
    <Page title="Limits">
      <Awaited loaded={loaded}>
        {({ limits }) => limits.length === 0
          ? (
            <Empty title="No task has a limit">
              <p>Fields <code>concurrency</code> and <code>rate_limit</code> of tasks make them.</p>
            </Empty>)
          : (
            <TableFrame label="Limits">
              <table class="cards">
                <thead><tr><th>Kind</th><th>Key</th><th class="right">Limit</th>
                  <th class="right">In use</th><th class="right">Waiting</th>
                  <th class="right">Next</th></tr></thead>
                <tbody>
                  {limits.map((limit) => (
                    <tr key={`${limit.kind} ${limit.key}`}>
                      <td>{limit.kind.replace("_", " ")}</td>
                      <td class="strong">{limit.key}</td>
                      <td class="right">
                        {limit.adaptive ? `${number(limit.adaptive.allowed)} of ` : ""}
                        {number(limit.limit)}{limit.period ? ` per ${limit.period}` : ""}
                        {limit.burst ? `, burst ${number(limit.burst)}` : ""}</td>
                      <td class="right">{number(limit.in_use)}</td>
                      <td class="right">{number(limit.waiting)}</td>
                      <td class="right muted"><Time at={limit.next_at} /></td>
                    </tr>))}
                </tbody>
              </table>
            </TableFrame>)}
      </Awaited>
    </Page>
  );
}
