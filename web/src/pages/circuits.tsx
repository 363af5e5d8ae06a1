// Circuit breakers: which services are left alone, until when, and who waits.

import { post } from "../api";
import { number } from "../format";
import { useLoad } from "../live";
import { ActionButton, Awaited, Empty, Page, StateBadge, Time } from "../parts/basic";
import { TableFrame } from "../parts/table_frame";
import type { Circuit } from "../types";

const EVERY_MS = 2_000;
const LOOKS = { closed: "succeeded", open: "failed", half_open: "paused" };

export function CircuitsPage() {
  const loaded = useLoad<{ circuits: Circuit[] }>("/circuits", EVERY_MS);
  const reset = async (circuit: Circuit) => {
    await post(`/circuits/${encodeURIComponent(circuit.key)}/reset`);
    loaded.reload();
    return `Circuit ${circuit.key} is closed`;
  };
  return (
    <Page title="Circuits">
      <Awaited loaded={loaded}>
        {({ circuits }) => circuits.length === 0
          ? (
            <Empty title="No task has a circuit breaker">
              <p>The field <code>circuit_breaker</code> of tasks makes one for a key.</p>
            </Empty>)
          : <CircuitTable circuits={circuits} reset={reset} />}
      </Awaited>
    </Page>
  );
}

function CircuitTable({ circuits, reset }: {
  circuits: Circuit[]; reset: (circuit: Circuit) => Promise<string>;
}) {
  return (
    <TableFrame label="Circuits">
      <table class="cards">
        <thead><tr><th>State</th><th>Key</th><th class="right">Failures in a row</th>
          <th class="right">Open until</th><th class="right">Probes</th>
          <th class="right">Waiting</th><th><span
            class="visually-hidden">Actions</span></th></tr></thead>
        <tbody>
          {circuits.map((circuit) => (
            <tr key={circuit.key}>
              <td><StateBadge state={circuit.state} like={LOOKS[circuit.state]} /></td>
              <td class="strong">{circuit.key}</td>
              <td class="right">
                {number(circuit.failures)} of {number(circuit.failure_threshold)}</td>
              <td class="right muted"><Time at={circuit.open_until} /></td>
              <td class="right">{number(circuit.probing)} of {number(circuit.probes)}</td>
              <td class="right">{number(circuit.waiting)}</td>
              <td class="right">
                {circuit.state !== "closed" && (
                  <ActionButton action={{
                    label: "Reset", question: `Close the circuit ${circuit.key}?`,
                    detail: "Everything that waits for it may begin at once.",
                    run: () => reset(circuit),
                  }} />)}
              </td>
            </tr>))}
        </tbody>
      </table>
    </TableFrame>
  );
}
