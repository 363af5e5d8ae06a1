// What just happened: to be read by eyes for a while, and by screen readers.

import { useEffect, useState } from "preact/hooks";

interface Notice {
  number: number;
  text: string;
  kind: "good" | "bad" | "quiet";
}

const SHOWN_MS = 6_000;
let show: (text: string, kind: Notice["kind"]) => void = () => {};

// A quiet one is for screen readers alone.
export function announce(text: string, kind: Notice["kind"] = "quiet"): void {
  show(text, kind);
}

export function Announcer() {
  const [notices, setNotices] = useState<Notice[]>([]);
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    let last = 0;
    show = (text, kind) => {
      setSpoken(text);
      if (kind === "quiet") return;
      const number = ++last;
      setNotices((list) => [...list.slice(-2), { number, text, kind }]);
      setTimeout(() => setNotices((list) => list.filter((one) => one.number !== number)),
        SHOWN_MS);
    };
  }, []);
  return (
    <>
      <div class="visually-hidden" role="status" aria-live="polite">{spoken}</div>
      <div class="notices" aria-hidden="true">
        {notices.map(({ number, text, kind }) => (
          <div key={number} class={`notice ${kind}`}>{text}</div>
        ))}
      </div>
    </>
  );
}
