// Small parts that every view is made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api";
import { exact, plural, relative } from "../format";
import { useNow } from "../live";
import { announce } from "./announcer";

// --- states: a shape, a colour and a word each

const SHAPES: Record<string, string> = {
  succeeded: "M3.5 7.2 6 9.6 10.5 4.6",
  failed: "M4.4 4.4 9.6 9.6M9.6 4.4 4.4 9.6",
  cancelled: "M4 7H10",
  skipped: "M4 4.2 7 7 4 9.8M7.4 4.2 10.4 7 7.4 9.8",
  paused: "M5.4 4.5V9.5M8.6 4.5V9.5",
  scheduled: "M7 4V7.2L9.2 8.6",
  ready: "M5.4 4.4 9.6 7 5.4 9.6Z",
};

// `x` and `y` place it inside another drawing.
export function StateIcon({ state, x, y }: { state: string; x?: number; y?: number }) {
  return (
    <svg class={`icon state-${state}`} x={x} y={y} width="14" height="14" viewBox="0 0 14 14"
      aria-hidden="true">
      <circle cx="7" cy="7" r="6" class="icon-ground" />
      {state === "running"
        ? <path class="icon-mark spins" d="M7 3A4 4 0 0 1 11 7" />
        : <path class="icon-mark" d={SHAPES[state] ?? ""} />}
    </svg>
  );
}

/** `like` is the state whose looks it has, where that is another one. */
export function StateBadge({ state, like = state }: { state: string; like?: string }) {
  return (
    <span class={`badge state-${like}`}>
      <StateIcon state={like} />
      {state.replace("_", " ")}
    </span>
  );
}

// --- text

export function Time({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <span class="muted">–</span>;
  return <time dateTime={at} title={exact(at)}>{relative(Date.parse(at), now)}</time>;
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <circle cx="10" cy="24" r="5" /><circle cx="38" cy="12" r="5" />
        <circle cx="38" cy="36" r="5" />
        <path d="M15 24C24 24 24 12 33 12M15 24C24 24 24 36 33 36" />
      </svg>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function ErrorNote({ error, retry }: { error: Error; retry?: () => void }) {
  const errors = error instanceof Problem ? error.errors : [];
  // Of a definition there may be many, each at its place.
  const hasLines = errors.some(({ line }) => line);
  const title = hasLines ? `The definition has ${plural(errors.length, "problem")}`
    : error.message;
  const details = errors.filter((one) => !title.includes(one.message));
  return (
    <div class="note note-error" role="alert">
      <div>
        <strong>{title}</strong>
        {details.length > 0 && (
          <ul>
            {details.map((one) => (
              <li key={`${one.field}${one.line}${one.message}`}>
                {one.line ? `line ${one.line}: ` : ""}{one.message}
                {one.suggestion ? ` (${one.suggestion})` : ""}
              </li>
            ))}
          </ul>
        )}
      </div>
      {retry && <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

export function Loading() {
  return <div class="loading" role="status">Loading…</div>;
}

// What was read, or why not.
export function Awaited<T>(
  { loaded, children }: {
    loaded: { data: T | null; error: Error | null; reload: () => void };
    children: (data: T) => ComponentChildren;
  },
) {
  const { data, error, reload } = loaded;
  return (
    <>
      {error && <ErrorNote error={error} retry={reload} />}
      {data === null ? (error ? null : <Loading />) : children(data)}
    </>
  );
}

export function Page(
  { title, actions, children }: {
    title: string; actions?: ComponentChildren; children: ComponentChildren;
  },
) {
  useTitle(title);
  return (
    <>
      <header class="page-head">
        <h1>{title}</h1>
        <div class="actions">{actions}</div>
      </header>
      {children}
    </>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Windlass`;
  }, [title]);
}

// --- actions

export interface Action {
  label: string;
  // Of the dialog that asks first; without it the action is done at once.
  question?: string;
  detail?: string;
  isDangerous?: boolean;
  isMain?: boolean;
  isDisabled?: boolean;
  run: () => Promise<string>;  // What to tell when it is done.
}

export function ActionButton({ action }: { action: Action }) {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setAsking(false);
    setBusy(true);
    try {
      announce(await action.run(), "good");
    } catch (error) {
      announce(`${action.label}: ${(error as Error).message}`, "bad");
    } finally {
      setBusy(false);
    }
  };
  const kind = action.isDangerous ? "danger" : action.isMain ? "primary" : "";
  return (
    <>
      <button type="button" class={kind} disabled={isBusy || action.isDisabled}
        onClick={() => (action.question ? setAsking(true) : void act())}>
        {action.label}
      </button>
      {isAsking && (
        <Dialog title={action.question!} onClose={() => setAsking(false)}>
          {action.detail && <p>{action.detail}</p>}
          <div class="dialog-actions">
            <button type="button" onClick={() => setAsking(false)}>Keep as it is</button>
            <button type="button" class={action.isDangerous ? "danger solid" : "primary"}
              onClick={() => void act()}>{action.label}</button>
          </div>
        </Dialog>
      )}
    </>
  );
}

export function Dialog(
  { title, onClose, isWide = false, children }: {
    title: string; onClose: () => void; isWide?: boolean; children: ComponentChildren;
  },
) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog ref={element} class={isWide ? "wide" : ""} aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === element.current && onClose()}>
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          <button type="button" class="ghost" aria-label="Close" onClick={onClose}>✕</button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

export function Choice(
  { label, value, options, onChange }: {
    label: string; value: string; options: [string, string][]; onChange: (value: string) => void;
  },
) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([name, text]) => (
        <button key={name} type="button" aria-pressed={name === value}
          onClick={() => onChange(name)}>{text}</button>
      ))}
    </div>
  );
}
