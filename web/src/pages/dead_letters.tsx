// Tasks that failed for good: look at them, give them fresh attempts, or drop them.

import { useState } from "preact/hooks";
import { post, query } from "../api";
import { brief, number, plural } from "../format";
import { useLoad } from "../live";
import { ActionButton, Awaited, Dialog, Empty, Page, Time } from "../parts/basic";
import { JsonTree } from "../parts/json";
import { Cell, VirtualList } from "../parts/virtual";
import { replaceQuery, runLink, taskLink } from "../route";
import type { Route } from "../route";
import { taskName } from "../types";
import type { DeadLetter } from "../types";
import { AttemptView } from "./task";

const MOST = 1000;

const nameOf = (letter: DeadLetter) => taskName({ id: letter.task, index: letter.index });

export function DeadLettersPage({ route }: { route: Route }) {
  const workflow = route.query.get("workflow") ?? "";
  const errorType = route.query.get("error_type") ?? "";
  const loaded = useLoad<{ dead_letters: DeadLetter[] }>(
    `/dead-letters${query({ workflow, error_type: errorType, limit: MOST })}`, 5_000);
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [opened, setOpened] = useState<string | null>(null);
  const set = (change: Record<string, string>) => {
    setChosen(new Set());
    replaceQuery(["dead-letters"], { workflow, error_type: errorType, ...change });
  };
  return (
    <Page title="Dead letters">
      <div class="filters">
        <input aria-label="Workflow" placeholder="Any workflow" value={workflow}
          onChange={(event) => set({ workflow: event.currentTarget.value.trim() })} />
        <input aria-label="Type of error" placeholder="Any type of error" value={errorType}
          onChange={(event) => set({ error_type: event.currentTarget.value.trim() })} />
      </div>
      <Awaited loaded={loaded}>
        {({ dead_letters: letters }) => letters.length === 0
          ? (
            <Empty title={workflow || errorType ? "No dead letter is like that" : "No dead letters"}>
              <p>A task that fails for good is kept here until it is requeued or discarded.</p>
            </Empty>)
          : (
            <Letters letters={letters} chosen={chosen} setChosen={setChosen}
              onOpen={setOpened} reload={loaded.reload} />)}
      </Awaited>
      {opened && <LetterDialog id={opened} onClose={() => setOpened(null)} />}
    </Page>
  );
}

function Letters(
  { letters, chosen, setChosen, onOpen, reload }: {
    letters: DeadLetter[];
    chosen: Set<string>;
    setChosen: (chosen: Set<string>) => void;
    onOpen: (id: string) => void;
    reload: () => void;
  },
) {
  const here = letters.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const change = async (what: "requeue" | "discard") => {
    const answer = await post<{ requeued?: number; discarded?: number }>(
      `/dead-letters/${what}`, { ids: here });
    setChosen(new Set());
    reload();
    return `${plural(answer.requeued ?? answer.discarded ?? 0, "dead letter")} ${what}ed`;
  };
  const isAll = here.length === letters.length;
  return (
    <>
      <div class="filters" role="group" aria-label="What to do with the chosen">
        <label class="check">
          <input type="checkbox" checked={isAll}
            onChange={() => setChosen(isAll ? new Set() : new Set(letters.map(({ id }) => id)))} />
          Choose all {number(letters.length)}{letters.length === MOST ? " that are shown" : ""}
        </label>
        <span class="grows muted">{here.length > 0 && `${number(here.length)} chosen`}</span>
        <ActionButton action={{
          label: "Requeue", isMain: true, isDisabled: here.length === 0,
          question: `Requeue ${plural(here.length, "dead letter")}?`,
          detail: "Their tasks get fresh attempts, and their runs go on.",
          run: () => change("requeue"),
        }} />
        <ActionButton action={{
          label: "Discard", isDangerous: true, isDisabled: here.length === 0,
          question: `Discard ${plural(here.length, "dead letter")}?`,
          detail: "They are dropped; the tasks stay failed.",
          run: () => change("discard"),
        }} />
      </div>
      <VirtualList class="letters" label="Dead letters" items={letters} rowHeight={52}
        keyOf={({ id }) => id}
        head={
          <>
            <Cell head><span class="visually-hidden">Chosen</span></Cell>
            <Cell head>Task</Cell><Cell head>Error</Cell>
            <Cell head class="right wide-only">Attempts</Cell><Cell head class="right">Failed</Cell>
          </>}>
        {(letter) => (
          <>
            <Cell>
              <input type="checkbox" checked={chosen.has(letter.id)}
                aria-label={`Choose ${nameOf(letter)} of ${letter.run_id}`}
                onChange={() => {
                  const next = new Set(chosen);
                  if (!next.delete(letter.id)) next.add(letter.id);
                  setChosen(next);
                }} />
            </Cell>
            <Cell class="two-lines">
              <a class="strong" href={taskLink(letter.run_id, nameOf(letter))}>{nameOf(letter)}</a>
              <span class="muted">{letter.workflow} · <a href={runLink(letter.run_id)}>
                {letter.run_id}</a></span>
            </Cell>
            <Cell class="two-lines">
              <button type="button" class="link" aria-label={`Look at ${letter.error.type} of ${nameOf(letter)}`}
                onClick={() => onOpen(letter.id)}>{letter.error.type}</button>
              <span class="muted">{brief(letter.error.message, 140)}</span>
            </Cell>
            <Cell class="right wide-only">{letter.attempts}</Cell>
            <Cell class="right muted"><Time at={letter.failed_at} /></Cell>
          </>)}
      </VirtualList>
    </>
  );
}

function LetterDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const loaded = useLoad<DeadLetter>(`/dead-letters/${id}`);
  return (
    <Dialog title={loaded.data ? `${nameOf(loaded.data)} of ${loaded.data.run_id}` : "Dead letter"}
      isWide onClose={onClose}>
      <Awaited loaded={loaded}>
        {(letter) => (
          <>
            <p><strong>{letter.error.type}</strong></p>
            <pre class="text" tabIndex={0}>{letter.error.message}</pre>
            {letter.error.details != null && <JsonTree name="details" value={letter.error.details} />}
            <h3>{plural(letter.attempts, "attempt")}</h3>
            <ol class="attempts">
              {[...(letter.history ?? [])].reverse().map((attempt) => (
                <AttemptView key={attempt.attempt} attempt={attempt} />))}
            </ol>
            <a href={taskLink(letter.run_id, nameOf(letter))}>Go to the task</a>
          </>)}
      </Awaited>
    </Dialog>
  );
}
