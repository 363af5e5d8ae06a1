// The log of an attempt, as it comes. Follows its end until someone scrolls up.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { query, taskPath } from "../api";
import { plural } from "../format";
import { readStream, useVisible } from "../live";
import type { LogLine } from "../types";

// More are not kept in the page; `windlass logs` has them.
const KEPT = 5_000;
const RECONNECT_MS = 2_000;
// Counts as the end, which fractions of pixels may keep one from.
const NEAR_PX = 8;

interface Log {
  lines: LogLine[];
  passed: number;  // Lines before those.
  isComplete: boolean;
}

const NOTHING: Log = { lines: [], passed: 0, isComplete: false };

function more(log: Log, lines: LogLine[]): Log {
  const all = [...log.lines, ...lines];
  const gone = Math.max(0, all.length - KEPT);
  return { ...log, lines: all.slice(gone), passed: log.passed + gone };
}

function useLog(path: string): Log {
  const [log, setLog] = useState<Log & { path: string }>({ ...NOTHING, path });
  const place = useRef({ path, lastId: "", isComplete: false });
  const isVisible = useVisible();
  useEffect(() => {
    if (place.current.path !== path) {
      place.current = { path, lastId: "", isComplete: false };
      setLog({ ...NOTHING, path });
    }
    const from = place.current;
    if (!isVisible || from.isComplete) return;
    const stop = new AbortController();
    const onEvent = (event: string, data: string, id: string) => {
      // Told twice otherwise, when the stream begins anew.
      if (stop.signal.aborted) return;
      from.lastId = id;
      from.isComplete = event === "end";
      if (event === "end") setLog((before) => ({ ...before, isComplete: true }));
      else setLog((before) => ({ ...before, ...more(before, JSON.parse(data).lines) }));
    };
    const follow = async () => {
      while (!stop.signal.aborted && !from.isComplete) {
        await readStream(path, from.lastId, stop.signal, onEvent, () => {}).catch(() => {});
        if (!stop.signal.aborted && !from.isComplete) {
          await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
        }
      }
    };
    void follow();
    return () => stop.abort();
  }, [path, isVisible]);
  return log.path === path ? log : NOTHING;
}

export function LogView(
  { run, task, attempts }: { run: string; task: string; attempts: number },
) {
  const [chosen, choose] = useState(0);  // 0: the newest.
  const attempt = Math.min(chosen || attempts, attempts);
  return (
    <>
      {attempts > 1 && (
        <label class="log-attempt">Attempt{" "}
          <select value={attempt}
            onChange={(event) => {
              const value = Number(event.currentTarget.value);
              choose(value === attempts ? 0 : value);
            }}>
            {Array.from({ length: attempts }, (_, i) => (
              <option key={i} value={i + 1}>{i + 1}</option>))}
          </select>
        </label>)}
      <Lines log={useLog(`${taskPath(run, task)}/logs${query({ attempt: String(attempt) })}`)}
        label={`Log of ${task}, attempt ${attempt}`} />
    </>
  );
}

function Lines({ log, label }: { log: Log; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const toEnd = () => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  useLayoutEffect(() => {
    if (isFollowing) toEnd();
  }, [log.lines, isFollowing]);
  const onScroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = box.current!;
    setFollowing(scrollTop + clientHeight >= scrollHeight - NEAR_PX);
  };
  if (log.lines.length === 0) {
    return <p class="muted">{log.isComplete ? "Nothing was logged." : "Nothing is logged yet."}</p>;
  }
  return (
    <>
      {log.passed > 0 && (
        <p class="muted">{plural(log.passed, "line")} before these not shown</p>)}
      <div class="log" role="log" aria-label={label} tabIndex={0} ref={box} onScroll={onScroll}>
        {log.lines.map((line, i) => <Line key={log.passed + i} line={line} />)}
      </div>
      <p class="muted log-state">
        {log.isComplete ? "Complete" : isFollowing ? "Following" : "Not following"}
        {!isFollowing && (
          <button type="button" class="link" onClick={() => setFollowing(true)}>
            Go to the end</button>)}
      </p>
    </>
  );
}

const NAMES: Record<LogLine["source"], string> = {
  stdout: "out", stderr: "err", handler: "log", left_out: "",
};

function Line({ line }: { line: LogLine }) {
  const name = line.source === "handler" ? line.level ?? "log" : NAMES[line.source];
  return (
    <div class={`log-line log-${name || "gap"}`} title={line.at}>
      <span class="log-source">{name}</span>
      <span>{line.text}</span>
    </div>
  );
}
