// The runs, newest first, live.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, query } from "../api";
import { between, brief, duration, plural } from "../format";
import { useEvents, useNow } from "../live";
import type { Liveness } from "../live";
import { isRunState, matchRuns, mergeRun, runNumber } from "../merge";
import { announce } from "../parts/announcer";
import {
  Choice, Empty, ErrorNote, Loading, Page, StateBadge, Time,
} from "../parts/basic";
import { Cell, VirtualList } from "../parts/virtual";
import { link, replaceQuery, runLink } from "../route";
import type { Route } from "../route";
import { isFinal, RUN_STATES } from "../types";
import type { Run } from "../types";

const PAGE = 200;

interface RunPage {
  runs: Run[];
  next_cursor: string | null;
}

// The pages that have been read, as one list that events keep up to date.
function useRuns(state: string, workflow: string) {
  const filter = { state, workflow };
  const [pages, setPages] = useState<RunPage | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const isReading = useRef(false);
  const read = async (cursor: string | null) => {
    if (isReading.current) return;
    isReading.current = true;
    try {
      const page = await get<RunPage>(`/runs${query({ ...filter, limit: PAGE, cursor })}`);
      setError(null);
      setPages((before) => (before === null || cursor === null && !before.next_cursor
        ? page : joined(before, page, cursor)));
    } catch (problem) {
      setError(problem as Error);
    } finally {
      isReading.current = false;
    }
  };
  useEffect(() => {
    setPages(null);
    void read(null);
  }, [state, workflow]);
  const liveness = useEvents(null, (event, data) => {
    if (event !== "run") return;
    const run = data as Run;
    announceEnd(run);
    setPages((before) => before && { ...before, runs: mergeRun(before.runs, run, filter) });
  }, () => void read(null));
  return { pages, error, read, liveness };
}

// The newest page anew above the older ones, or the next below.
function joined(before: RunPage, page: RunPage, cursor: string | null): RunPage {
  if (cursor !== null) return { runs: [...before.runs, ...page.runs], next_cursor: page.next_cursor };
  const last = page.runs.at(-1);
  if (!last) return page;
  const older = before.runs.filter((run) => runNumber(run.run_id) < runNumber(last.run_id));
  return older.length > 0 ? { ...before, runs: [...page.runs, ...older] } : page;
}

function announceEnd(run: Run): void {
  if (isFinal(run.state)) announce(`Run ${run.run_id} of ${run.workflow}: ${run.state}`);
}

export function LiveMark({ liveness }: { liveness: Liveness }) {
  const text = { live: "Live", polling: "Polling", paused: "Paused" }[liveness];
  const title = {
    live: "Changes show within a second",
    polling: "No event stream at present; read again every few seconds",
    paused: "Goes on when this page can be seen",
  }[liveness];
  return <span class={`live live-${liveness}`} title={title}>{text}</span>;
}

export function RunsPage({ route }: { route: Route }) {
  const state = route.query.get("state") ?? "";
  const workflow = route.query.get("workflow") ?? "";
  const text = route.query.get("text") ?? "";
  const { pages, error, read, liveness } = useRuns(isRunState(state) ? state : "", workflow);
  const set = (change: Record<string, string>) =>
    replaceQuery(["runs"], { state, workflow, text, ...change });
  const runs = pages ? matchRuns(pages.runs, text) : [];
  const next = pages?.next_cursor ?? null;
  return (
    <Page title="Runs" actions={
      <>
        <LiveMark liveness={liveness} />
        <a class="button primary" href={link(["submit"])}>Submit a run</a>
      </>}>
      <div class="filters">
        <Choice label="State" value={state} onChange={(value) => set({ state: value })}
          options={[["", "All"], ...RUN_STATES.map((one): [string, string] => [one, one])]} />
        <WorkflowFilter workflow={workflow} runs={pages?.runs ?? []}
          onChange={(value) => set({ workflow: value })} />
        <input type="search" class="grows" aria-label="Search the runs that are shown"
          placeholder="Search id, params, labels…" value={text}
          onInput={(event) => set({ text: event.currentTarget.value })} />
      </div>
      {error && <ErrorNote error={error} retry={() => void read(null)} />}
      {pages === null && !error && <Loading />}
      {pages && runs.length === 0 && (
        <NoRuns isFiltered={Boolean(state || workflow || text)}
          clear={() => set({ state: "", workflow: "", text: "" })} />)}
      {runs.length > 0 && <RunList runs={runs} onEnd={() => next && void read(next)} />}
      {pages && (
        <footer class="list-foot">
          <span>{plural(runs.length, "run")} shown{next ? ", there are older ones" : ""}</span>
          {next && <button type="button" onClick={() => void read(next)}>Load older runs</button>}
        </footer>)}
    </Page>
  );
}

function WorkflowFilter(
  { workflow, runs, onChange }: {
    workflow: string; runs: Run[]; onChange: (workflow: string) => void;
  },
) {
  const names = [...new Set(runs.map((run) => run.workflow))].sort().slice(0, 200);
  return (
    <>
      <input aria-label="Workflow" placeholder="Any workflow" list="workflow-names"
        value={workflow} onChange={(event) => onChange(event.currentTarget.value.trim())} />
      <datalist id="workflow-names">
        {names.map((name) => <option key={name} value={name} />)}
      </datalist>
    </>
  );
}

function NoRuns({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  if (isFiltered) {
    return (
      <Empty title="No run is like that">
        <p>Nothing that was read fits these filters.</p>
        <button type="button" onClick={clear}>Clear the filters</button>
      </Empty>
    );
  }
  return (
    <Empty title="No runs yet">
      <p>Submit a workflow here, or by <code>windlass submit FILE</code>.</p>
      <a class="button primary" href={link(["submit"])}>Submit a run</a>
    </Empty>
  );
}

function RunList({ runs, onEnd }: { runs: Run[]; onEnd: () => void }) {
  const now = useNow();
  return (
    <VirtualList class="runs" label="Runs" items={runs} rowHeight={44} onEnd={onEnd}
      keyOf={(run) => run.run_id}
      head={
        <>
          <Cell head>State</Cell><Cell head>Run</Cell><Cell head>Workflow</Cell>
          <Cell head class="wide-only">Params</Cell>
          <Cell head class="right">Duration</Cell><Cell head class="right">Started</Cell>
        </>}>
      {(run) => (
        <>
          <Cell><StateBadge state={run.state} /></Cell>
          <Cell class="id"><a class="row-link" href={runLink(run.run_id)}>{run.run_id}</a></Cell>
          <Cell class="strong">{run.workflow}</Cell>
          <Cell class="muted wide-only">
            <span class="code">{Object.keys(run.params).length > 0 && brief(run.params)}</span>
          </Cell>
          <Cell class="right">{duration(between(run.created_at, run.finished_at, now))}</Cell>
          <Cell class="right muted"><Time at={run.created_at} /></Cell>
        </>)}
    </VirtualList>
  );
}
