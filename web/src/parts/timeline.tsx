// When each task ran: a row for each, a bar for each attempt.

import { useMemo } from "preact/hooks";
import { duration } from "../format";
import { useNow } from "../live";
import { barsOf } from "../timeline";
import type { Bar, Row } from "../timeline";
import { isFinal } from "../types";
import type { RunDetails } from "../types";
import { Empty, StateIcon } from "./basic";
import { Cell, VirtualList } from "./virtual";

const TICKS = [0, 0.25, 0.5, 0.75, 1];

export function Timeline(
  { run, selected, onSelect }: {
    run: RunDetails; selected: string | null; onSelect: (task: string) => void;
  },
) {
  const isRunning = !isFinal(run.state);
  const now = useNow(isRunning);
  const rows = useMemo(() => barsOf(run.tasks, run.attempts), [run.tasks, run.attempts]);
  if (rows.length === 0) return <Empty title="Nothing has begun yet" />;
  const begin = rows[0]!.begin;
  const end = Math.max(begin + 1, ...(isRunning ? [now] : []),
    rows.reduce((latest, row) => Math.max(latest, row.end ?? 0), 0));
  const share = (time: number) => ((time - begin) / (end - begin)) * 100;
  return (
    <VirtualList class="timeline" label="Timeline" items={rows} rowHeight={30}
      keyOf={(row) => row.name}
      head={
        <>
          <Cell head>Task</Cell>
          <Cell head class="ticks">
            {TICKS.map((tick) => (
              <span key={tick} style={{ left: `${tick * 100}%` }}>
                {duration(tick * (end - begin))}</span>))}
          </Cell>
        </>}>
      {(row) => (
        <TimelineRow row={row} share={share} end={end} isSelected={row.name === selected}
          onSelect={() => onSelect(row.name)} />)}
    </VirtualList>
  );
}

function TimelineRow(
  { row, share, end, isSelected, onSelect }: {
    row: Row; share: (time: number) => number; end: number; isSelected: boolean;
    onSelect: () => void;
  },
) {
  return (
    <>
      <Cell class="strong">
        <button type="button" class={`row-link ${isSelected ? "selected" : ""}`} onClick={onSelect}>
          <StateIcon state={row.state} />{row.name}</button>
      </Cell>
      <Cell class="track">
        {row.bars.map((bar, i) => (
          <span key={i} class={`span state-${bar.state}`} title={titleOf(row, bar, end)}
            style={{
              left: `${share(bar.begin)}%`,
              width: `max(3px, ${share(bar.end ?? end) - share(bar.begin)}%)`,
            }}>
            <span class="visually-hidden">{titleOf(row, bar, end)}</span>
          </span>))}
      </Cell>
    </>
  );
}

function titleOf(row: Row, bar: Bar, end: number): string {
  return `${row.name}, attempt ${bar.attempt}: ${bar.state}, ${duration((bar.end ?? end) - bar.begin)}`;
}
