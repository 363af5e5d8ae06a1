// Workflows that run by the clock.

import { post, request } from "../api";
import { useLoad } from "../live";
import { ActionButton, Awaited, Empty, Page, StateBadge, Time } from "../parts/basic";
import { TableFrame } from "../parts/table_frame";
import { runLink } from "../route";
import type { Schedule } from "../types";

export function SchedulesPage() {
  const loaded = useLoad<{ schedules: Schedule[] }>("/schedules", 5_000);
  const path = (schedule: Schedule) => `/schedules/${encodeURIComponent(schedule.workflow)}`;
  const change = async (schedule: Schedule, what: "pause" | "resume") => {
    await post(`${path(schedule)}/${what}`);
    loaded.reload();
    return `The schedule of ${schedule.workflow} is ${what === "pause" ? "paused" : "active"}`;
  };
  const remove = async (schedule: Schedule) => {
    await request("DELETE", path(schedule));
    loaded.reload();
    return `The schedule of ${schedule.workflow} is removed`;
  };
  return (
    <Page title="Schedules">
      <Awaited loaded={loaded}>
        {({ schedules }) => schedules.length === 0
          ? (
            <Empty title="Nothing runs by the clock">
              <p>Give a workflow a <code>schedule</code>, then
                {" "}<code>windlass schedules add FILE</code>.</p>
            </Empty>)
          : (
            <TableFrame label="Schedules">
              <table class="cards">
                <thead><tr><th>State</th><th>Workflow</th><th>When</th><th>Overlap</th>
                  <th class="right">Next</th><th class="right">Last</th><th>Last run</th>
                  <th><span class="visually-hidden">Actions</span></th></tr></thead>
                <tbody>
                  {schedules.map((schedule) => (
                    <tr key={schedule.workflow}>
                      <td><StateBadge state={schedule.state} /></td>
                      <td class="strong">{schedule.workflow}</td>
                      <td><code>{schedule.cron}</code> <span class="muted">{schedule.timezone}</span></td>
                      <td class="muted">{schedule.overlap.replace("_", " ")}
                        {schedule.catch_up ? ", catches up" : ""}</td>
                      <td class="right"><Time at={schedule.next_at} /></td>
                      <td class="right muted"><Time at={schedule.last_at} /></td>
                      <td>{schedule.last_run && (
                        <a href={runLink(schedule.last_run)}>{schedule.last_run}</a>)}</td>
                      <td class="right">
                        <ActionButton action={schedule.state === "paused"
                          ? { label: "Resume", run: () => change(schedule, "resume") }
                          : { label: "Pause", run: () => change(schedule, "pause") }} />
                        {" "}
                        <ActionButton action={{
                          label: "Remove", isDangerous: true,
                          question: `Remove the schedule of ${schedule.workflow}?`,
                          detail: "No more runs start by it; those there are go on.",
                          run: () => remove(schedule),
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
