// How much ends, how it ends, and how long it takes, over the last minutes.

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { get, query } from "../api";
import { number } from "../format";
import { storeNow, useInterval, useLoad } from "../live";
import { Choice, ErrorNote, Loading, Page } from "../parts/basic";
import { latency, OUTCOMES, throughput } from "../statistics";
import type { Sample, Series } from "../statistics";
import type { Queue, Run, Statistics } from "../types";

const NEWEST = 1000;
const EVERY_MS = 5_000;
const STEPS = 60;
const KEPT_SAMPLES = 1_000;

const samples: Sample[] = [];  // As long as the page is open.

// Counts are noted wherever the page is, so that there is something to show.
export function useSampling(isOn: boolean): void {
  const note = async () => {
    try {
      const { now, runs } = await get<Statistics>("/statistics");
      samples.push({ at: Date.parse(now), counts: runs });
      if (samples.length > KEPT_SAMPLES) samples.shift();
    } catch {
      // The page in view says that the server does not answer.
    }
  };
  useEffect(() => void (isOn && note()), [isOn]);
  useInterval(() => void note(), EVERY_MS, isOn);
}

export function ChartsPage() {
  const [minutes, setMinutes] = useState("5");
  const loaded = useLoad<{ runs: Run[]; next_cursor: string | null }>(
    `/runs${query({ limit: NEWEST })}`, EVERY_MS);
  const { data: fleet } = useLoad<{ queues: Queue[] }>("/queues", EVERY_MS);
  const last = samples.at(-1)?.counts;
  const ready = fleet?.queues.reduce((sum, queue) => sum + queue.ready, 0);
  return (
    <Page title="Charts" actions={
      <Choice label="How far back" value={minutes} onChange={setMinutes}
        options={[["5", "5 min"], ["15", "15 min"], ["60", "1 h"]]} />}>
      <dl class="tiles">
        <Tile name="Runs now" value={last?.running} />
        <Tile name="Tasks ready" value={ready} />
        {OUTCOMES.map((one) => <Tile key={one} name={one} value={last?.[one]} />)}
      </dl>
      {loaded.error && <ErrorNote error={loaded.error} retry={loaded.reload} />}
      {loaded.data ? <Charts page={loaded.data} minutes={Number(minutes)} /> : <Loading />}
    </Page>
  );
}

function Tile({ name, value }: { name: string; value: number | undefined }) {
  return <div><dt>{name}</dt><dd>{value === undefined ? "–" : number(value)}</dd></div>;
}

function Charts(
  { page, minutes }: { page: { runs: Run[]; next_cursor: string | null }; minutes: number },
) {
  const stepMs = (minutes * 60_000) / STEPS;
  const window = { end: storeNow(), stepMs, steps: STEPS };
  // Older runs than the oldest that was read may have ended since, but few do.
  const since = page.next_cursor ? Date.parse(page.runs.at(-1)!.created_at) : 0;
  return (
    <div class="charts">
      <Chart title="Runs ended per second" series={throughput(page.runs, since, samples, window)}
        names={[...OUTCOMES]} colors={["--good", "--bad", "--idle"]} unit="/s" />
      <Chart title="How long runs took" series={latency(page.runs, window)}
        names={["median", "95th percentile"]} colors={["--accent", "--warn"]} unit=" s" />
      <p class="muted">
        Of the newest {number(page.runs.length)} runs, and of what was counted since this page
        was opened.</p>
    </div>
  );
}

function Chart(
  { title, series, names, colors, unit }: {
    title: string; series: Series; names: string[]; colors: string[]; unit: string;
  },
) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = [series.times, ...series.values] as uPlot.AlignedData;
  useEffect(() => {
    const element = frame.current!;
    const theme = matchMedia("(prefers-color-scheme: dark)");
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element, names, colors, unit),
        plot.current?.data ?? data, element);
    };
    make();
    const size = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: 220 }));
    size.observe(element);
    // The toggle of light and dark changes this attribute.
    const toggled = new MutationObserver(make);
    toggled.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    theme.addEventListener("change", make);
    return () => {
      size.disconnect();
      toggled.disconnect();
      theme.removeEventListener("change", make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [series]);
  const latest = names.map((name, i) => {
    const value = series.values[i]!.findLast((one) => one !== null);
    return `${name} ${value === undefined || value === null ? "none" : value.toFixed(2) + unit}`;
  });
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={frame} role="img" aria-label={`${title}: at last ${latest.join(", ")}`} />
    </figure>
  );
}

const clock = (seconds: number) => new Date(seconds * 1_000).toTimeString().slice(0, 8);

function optionsOf(
  element: HTMLElement, names: string[], colors: string[], unit: string,
): uPlot.Options {
  const style = getComputedStyle(element);
  // A canvas knows no variables: what they come to is read off the element.
  const color = (name: string) => {
    element.style.color = `var(${name})`;
    const found = style.color;
    element.style.color = "";
    return found;
  };
  const axis = {
    stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false }, font: `11px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth, height: 220,
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, 0.1)] } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map(clock), space: 90 }, {
      ...axis, size: 56,
      values: (_, ticks) => ticks.map((tick) => `${Number(tick.toPrecision(3))}${unit}`),
    }],
    series: [{ label: "at", value: (_, at) => (at === null ? "–" : clock(at)) }, ...names.map((label, i) => ({
      label, stroke: color(colors[i]!), width: 1.75, points: { show: false }, spanGaps: true,
      value: (_: uPlot, value: number | null) =>
        value === null ? "–" : `${Number(value.toPrecision(3))}${unit}`,
    }))],
  };
}
