// Times, durations, counts and sizes as people read them.

const UNITS: [string, number][] = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];

// "450 ms", "3.2 s", "1 min 5 s", "2 d 3 h".
export function duration(ms: number): string {
  if (ms < 0) return "0 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 1 : 0)} s`;
  let left = Math.round(ms / 1_000);
  const words: string[] = [];
  for (const [name, seconds] of UNITS) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) words.push(`${count} ${name}`);
    else if (words.length === 1) break;
    if (words.length === 2) break;
  }
  return words.join(" ");
}

// "just now", "12 s ago", "in 3 min", "4 h ago".
export function relative(time: number, now: number): string {
  const seconds = Math.abs(now - time) / 1_000;
  if (seconds < 2) return "just now";
  const [name, size] = UNITS.find(([, unit]) => seconds >= unit) ?? ["s", 1];
  const text = `${Math.floor(seconds / size)} ${name}`;
  return time > now ? `in ${text}` : `${text} ago`;
}

export function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  const names = ["KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let at = -1;
  while (value >= 1_024 && at < names.length - 1) {
    value /= 1_024;
    ++at;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${names[at]}`;
}

export const number = (value: number) => value.toLocaleString("en-US");

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

// The local time with its zone, for titles.
export function exact(time: string): string {
  return new Date(time).toLocaleString(undefined, {
    dateStyle: "medium", timeStyle: "long",
  });
}

// Milliseconds from one time to the other; to now while there is no end.
export function between(from: string, to: string | null, now: number): number {
  return Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from));
}

// The value on one line, cut after `limit` characters.
export function brief(value: unknown, limit = 80): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

// Sorted ascending; of an empty list NaN.
export function quantile(sorted: number[], q: number): number {
  if (sorted.length === 0) return NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}
