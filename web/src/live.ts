// What changes: events of the server while they come, reading again from time to
// time while they do not. Nothing is asked while nobody looks at the page.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, headers, query } from "./api";
import { EventParser } from "./sse";
import type { Statistics } from "./types";

export type Liveness = "live" | "polling" | "paused";

const RECONNECT_MS = 2_000;
// Longer than the server is ever silent.
const SILENCE_MS = 15_000;
const POLL_MS = 3_000;

// Reads events until the stream ends or is silent too long; returns the last id.
export async function readStream(
  path: string,
  lastId: string,
  signal: AbortSignal,
  onEvent: (event: string, data: string, id: string) => void,
  onOpen: () => void,
): Promise<string> {
  const parser = new EventParser();
  const more: Record<string, string> = lastId ? { "Last-Event-ID": lastId } : {};
  const silence = new AbortController();
  const response = await fetch(`api/v1${path}`, {
    headers: headers({ Accept: "text/event-stream", ...more }),
    signal: AbortSignal.any([signal, silence.signal]),
  });
  if (!response.ok || !response.body) throw new Error(`events: ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  onOpen();
  for (;;) {
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const { done, value } = await reader.read();
      if (done) return parser.lastId;
      for (const { event, data, id } of parser.push(value)) onEvent(event, data, id);
    } catch {
      return parser.lastId;
    } finally {
      clearTimeout(timer);
    }
  }
}

// Listens to all runs, or to one and its tasks. `reload` is called when events
// may have been missed.
export function useEvents(
  run: string | null,
  onEvent: (event: string, data: unknown) => void,
  reload: () => void,
): Liveness {
  const [liveness, setLiveness] = useState<Liveness>("polling");
  const isVisible = useVisible();
  const handlers = useRef({ onEvent, reload });
  handlers.current = { onEvent, reload };
  useEffect(() => {
    if (!isVisible) {
      setLiveness("paused");
      return;
    }
    const stop = new AbortController();
    void listen(run, stop.signal, handlers, setLiveness);
    return () => stop.abort();
  }, [run, isVisible]);
  useInterval(() => handlers.current.reload(), POLL_MS, liveness === "polling");
  return liveness;
}

async function listen(
  run: string | null,
  stop: AbortSignal,
  handlers: { current: { onEvent: (event: string, data: unknown) => void; reload: () => void } },
  setLiveness: (liveness: Liveness) => void,
): Promise<void> {
  let lastId = "";
  while (!stop.aborted) {
    try {
      lastId = await readStream(`/events${query({ run })}`, lastId, stop,
        (event, data) => {
          if (event === "reset") handlers.current.reload();
          else handlers.current.onEvent(event, JSON.parse(data));
        },
        () => {
          setLiveness("live");
          // What was read before may be older than the first event.
          if (!lastId) handlers.current.reload();
        });
    } catch {
      // No stream now: the list is read again instead, until there is one.
    }
    if (stop.aborted) return;
    setLiveness("polling");
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

export function useVisible(): boolean {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const update = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", update);
    return () => document.removeEventListener("visibilitychange", update);
  }, []);
  return isVisible;
}

export function useInterval(action: () => void, ms: number, isOn = true): void {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    if (!isOn) return;
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, ms);
    return () => clearInterval(timer);
  }, [ms, isOn]);
}

export interface Loaded<T> {
  data: T | null;
  error: Error | null;
  reload: () => void;
  set: (change: (data: T | null) => T | null) => void;
}

// What a path of the API answers. One request at a time: a reload that is wanted
// meanwhile comes after it, and not before ten times as long as the last one took.
export function useLoad<T>(path: string | null, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: Error | null }>(
    { path, data: null, error: null });
  const wanted = useRef<() => void>(() => {});
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let isBusy = false;
    let again = false;
    const load = async () => {
      if (isBusy) {
        again = true;
        return;
      }
      isBusy = true;
      const begun = performance.now();
      try {
        const data = await get<T>(path, stop.signal);
        if (!stop.signal.aborted) setState({ path, data, error: null });
      } catch (error) {
        if (stop.signal.aborted) return;
        setState((before) => ({
          path, error: error as Error, data: before.path === path ? before.data : null,
        }));
      }
      const rest = Math.min(10_000, 10 * (performance.now() - begun));
      setTimeout(() => {
        isBusy = false;
        if (again && !stop.signal.aborted) {
          again = false;
          void load();
        }
      }, rest);
    };
    wanted.current = () => void load();
    void load();
    return () => stop.abort();
  }, [path]);
  useInterval(() => wanted.current(), Math.max(1_000, everyMs), everyMs > 0 && path !== null);
  const isCurrent = state.path === path;
  return {
    data: isCurrent ? state.data : null,
    error: isCurrent ? state.error : null,
    reload: () => wanted.current(),
    set: (change) => setState((before) => ({ ...before, data: change(before.data) })),
  };
}

// --- the store's clock: what the page shows is by it, whatever time it is here

let offset = 0;

export async function readClock(): Promise<void> {
  const begun = Date.now();
  const { now } = await get<Statistics>("/statistics");
  offset = Date.parse(now) - (begun + Date.now()) / 2;
}

export const storeNow = () => Date.now() + offset;

const tickers = new Set<() => void>();
setInterval(() => {
  if (!document.hidden) tickers.forEach((tick) => tick());
}, 1_000);

// Again each second while it is on.
export function useNow(isOn = true): number {
  const [, setTick] = useState(0);
  useEffect(() => {
    if (!isOn) return;
    const tick = () => setTick((count) => count + 1);
    tickers.add(tick);
    return () => void tickers.delete(tick);
  }, [isOn]);
  return storeNow();
}
