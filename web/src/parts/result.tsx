// A result: as a tree, a table, a picture or text, and to be saved as a file.

import { useEffect, useState } from "preact/hooks";
import { request, taskPath } from "../api";
import { bytes } from "../format";
import type { Envelope, Json } from "../types";
import { ErrorNote } from "./basic";
import { DataTable, JsonTree, tableOf } from "./json";

// More than this is not fetched to be looked at.
const LARGEST = 4 * 1024 * 1024;
// Of longer texts this is.
const BEGINNING = 256 * 1024;

export function ResultView(
  { run, task, envelope }: { run: string; task: string; envelope: Envelope },
) {
  const size = envelope.size ?? 0;
  return (
    <>
      <p class="muted result-line">
        {[envelope.media_type ?? envelope.kind, bytes(size),
          envelope.uri ? "in the result store" : "inline"].join(" · ")}
        {envelope.sha256 && (
          <span title={`SHA-256 ${envelope.sha256}`}> · {envelope.sha256.slice(0, 12)}…</span>)}
        <DownloadButton run={run} task={task} envelope={envelope} />
      </p>
      {envelope.value !== undefined && envelope.kind !== "binary"
        ? <ValueView value={envelope.value} label={`Result of ${task}`} />
        : <Preview run={run} task={task} envelope={envelope} />}
      {envelope.metadata && Object.keys(envelope.metadata).length > 0 && (
        <details><summary>Metadata</summary><JsonTree value={envelope.metadata} /></details>)}
    </>
  );
}

function ValueView({ value, label }: { value: Json; label: string }) {
  const table = tableOf(value);
  const [asTree, setAsTree] = useState(false);
  if (typeof value === "string") return <pre class="text" tabIndex={0}>{value}</pre>;
  if (!table) return <JsonTree value={value} />;
  return (
    <>
      <button type="button" class="link" onClick={() => setAsTree(!asTree)}>
        {asTree ? "Show as a table" : "Show as a tree"}</button>
      {asTree ? <JsonTree value={value} /> : <DataTable table={table} label={label} />}
    </>
  );
}

type Content =
  | { kind: "text"; text: string }
  | { kind: "json"; value: Json }
  | { kind: "image"; url: string };

async function read(run: string, task: string, media: string, isLong: boolean): Promise<Content> {
  const response = await request("GET", `${taskPath(run, task)}/result`,
    isLong ? { headers: { Range: `bytes=0-${BEGINNING - 1}` } } : {});
  if (media.startsWith("image/")) {
    return { kind: "image", url: URL.createObjectURL(await response.blob()) };
  }
  const text = await response.text();
  return media.includes("json") ? { kind: "json", value: JSON.parse(text) } : { kind: "text", text };
}

const isShown = (media: string) =>
  /^(image|text)\//.test(media) || media.includes("json") || media.includes("csv");

function Preview({ run, task, envelope }: { run: string; task: string; envelope: Envelope }) {
  const media = envelope.media_type ?? "";
  const [content, setContent] = useState<Content | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const isLong = (envelope.size ?? 0) > LARGEST;
  const canShow = isShown(media) && (!isLong || /^text\//.test(media));
  useEffect(() => {
    if (!canShow) return;
    let url = "";
    let isGone = false;
    read(run, task, media, isLong).then((found) => {
      if (found.kind === "image") url = found.url;
      if (isGone) URL.revokeObjectURL(url);
      else setContent(found);
    }, setError);
    return () => {
      isGone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [run, task, envelope.sha256, canShow]);
  if (error) return <ErrorNote error={error} />;
  if (!canShow) return <p class="muted">Not shown here; save it to look at it.</p>;
  if (content === null) return <p class="muted">Loading…</p>;
  if (content.kind === "image") return <img class="picture" src={content.url} alt={`Result of ${task}`} />;
  if (content.kind === "json") return <ValueView value={content.value} label={`Result of ${task}`} />;
  return (
    <>
      {isLong && <p class="muted">The first {bytes(BEGINNING)}; save it to see the rest.</p>}
      <pre class="text" tabIndex={0}>{content.text}</pre>
    </>
  );
}

const EXTENSIONS: [RegExp, string][] = [
  [/json/, ".json"], [/csv/, ".csv"], [/png/, ".png"], [/svg/, ".svg"], [/jpe?g/, ".jpg"],
  [/parquet/, ".parquet"], [/^text\//, ".txt"],
];

function DownloadButton({ run, task, envelope }: { run: string; task: string; envelope: Envelope }) {
  const [error, setError] = useState<Error | null>(null);
  const extension = EXTENSIONS.find(([kind]) => kind.test(envelope.media_type ?? ""))?.[1] ?? "";
  const save = async () => {
    setError(null);
    try {
      const response = await request("GET", `${taskPath(run, task)}/result`);
      const url = URL.createObjectURL(await response.blob());
      const anchor = document.createElement("a");
      anchor.href = url;
      anchor.download = `${run}-${task.replace(/[^\w.-]+/g, "_")}${extension}`;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (problem) {
      setError(problem as Error);
    }
  };
  return (
    <>
      <button type="button" class="small" onClick={() => void save()}>Save as a file</button>
      {error && <ErrorNote error={error} />}
    </>
  );
}
