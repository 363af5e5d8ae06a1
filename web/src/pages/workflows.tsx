// Workflows that are stored under their names.

import { useState } from "preact/hooks";
import { query, request } from "../api";
import { useLoad } from "../live";
import { ActionButton, Awaited, Empty, Page, Time } from "../parts/basic";
import { TableFrame } from "../parts/table_frame";
import { link } from "../route";
import type { StoredWorkflow } from "../types";
import { workflowPath } from "./submit";

const PAGE = 200;

export function WorkflowsPage() {
  const [name, setName] = useState("");
  const loaded = useLoad<{ workflows: StoredWorkflow[]; next_cursor: string | null }>(
    `/workflows${query({ name, limit: PAGE })}`, 10_000);
  const [opened, setOpened] = useState("");
  const remove = async (stored: StoredWorkflow) => {
    await request("DELETE", workflowPath(stored.name));
    loaded.reload();
    return `${stored.name} is deleted`;
  };
  return (
    <Page title="Workflows">
      <div class="filters">
        <label class="visually-hidden" for="workflow-name">Name</label>
        <input id="workflow-name" type="search" placeholder="Name" value={name}
          onInput={(event) => setName(event.currentTarget.value)} />
      </div>
      <Awaited loaded={loaded}>
        {({ workflows, next_cursor }) => workflows.length === 0
          ? (
            <Empty title={name ? "No stored workflow has this in its name" : "No workflow is stored"}>
              <p><code>windlass workflow put FILE</code> stores one, as does
                {" "}<a href={link(["submit"])}>the page to submit a run</a>.</p>
            </Empty>)
          : (
            <>
              <TableFrame label="Stored workflows">
                <table class="cards">
                  <thead><tr><th>Workflow</th><th>Description</th><th class="right">Version</th>
                    <th class="right">Stored</th>
                    <th><span class="visually-hidden">Actions</span></th></tr></thead>
                  <tbody>
                    {workflows.map((stored) => (
                      <tr key={stored.name}>
                        <td class="strong">
                          <a href={link(["submit"], { workflow: stored.name })}>{stored.name}</a></td>
                        <td class="muted">{stored.description.split("\n")[0]}</td>
                        <td class="right">
                          <button type="button" class="link" aria-expanded={opened === stored.name}
                            aria-label={`Versions of ${stored.name}`}
                            onClick={() => setOpened(opened === stored.name ? "" : stored.name)}>
                            {stored.version}</button>
                          {opened === stored.name && <Versions name={stored.name} />}
                        </td>
                        <td class="right muted"><Time at={stored.created_at} /></td>
                        <td class="right">
                          <ActionButton action={{
                            label: "Delete", isDangerous: true,
                            question: `Delete ${stored.name} and all its versions?`,
                            detail: "Its runs and schedules keep their own copy.",
                            run: () => remove(stored),
                          }} />
                        </td>
                      </tr>))}
                  </tbody>
                </table>
              </TableFrame>
              {next_cursor && (
                <p class="muted">The first {PAGE}; a part of the name finds the others.</p>)}
            </>)}
      </Awaited>
    </Page>
  );
}

function Versions({ name }: { name: string }) {
  const loaded = useLoad<{ versions: StoredWorkflow[] }>(`${workflowPath(name)}/versions`, 60_000);
  return (
    <Awaited loaded={loaded}>
      {({ versions }) => (
        <ul class="versions">
          {versions.map((one) => (
            <li key={one.version}>
              <a href={link(["submit"], { workflow: name, version: String(one.version) })}>
                version {one.version}</a> <span class="muted"><Time at={one.created_at} /></span>
            </li>))}
        </ul>)}
    </Awaited>
  );
}
