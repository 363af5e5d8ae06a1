// JSON as a tree that folds, and lists of alike objects as a table.

import { useState } from "preact/hooks";
import { number, plural } from "../format";
import type { Json, JsonObject } from "../types";
import { TableFrame } from "./table_frame";

const OPEN_LEVELS = 2;
const SHOWN = 100;  // Entries of a level, before more are asked for.

export function JsonTree({ value, name, level = 0 }: { value: Json; name?: string; level?: number }) {
  if (value === null || typeof value !== "object") {
    return <div class="json-line"><Name name={name} /><Scalar value={value} /></div>;
  }
  return <Branch value={value} name={name} level={level} />;
}

function Branch(
  { value, name, level }: { value: Json[] | JsonObject; name?: string | undefined; level: number },
) {
  const [isOpen, setOpen] = useState(level < OPEN_LEVELS);
  const [shown, setShown] = useState(SHOWN);
  const entries = Array.isArray(value)
    ? value.map((one, i): [string, Json] => [String(i), one]) : Object.entries(value);
  const hint = Array.isArray(value)
    ? `[${plural(entries.length, "item")}]` : `{${plural(entries.length, "field")}}`;
  if (entries.length === 0) {
    return (
      <div class="json-line"><Name name={name} />
        <span class="muted">{Array.isArray(value) ? "[]" : "{}"}</span></div>);
  }
  return (
    <details class="json" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><Name name={name} /><span class="muted">{hint}</span></summary>
      {isOpen && (
        <div class="json-level">
          {entries.slice(0, shown).map(([key, one]) => (
            <JsonTree key={key} value={one} name={key} level={level + 1} />))}
          {entries.length > shown && (
            <button type="button" class="link" onClick={() => setShown(shown + 10 * SHOWN)}>
              {number(entries.length - shown)} more</button>)}
        </div>)}
    </details>
  );
}

function Name({ name }: { name?: string | undefined }) {
  return name === undefined ? null : <span class="json-name">{name}: </span>;
}

function Scalar({ value }: { value: null | boolean | number | string }) {
  const kind = value === null ? "null" : typeof value;
  return <span class={`json-${kind}`}>{kind === "string" ? `"${value}"` : String(value)}</span>;
}

export interface Table {
  columns: string[];
  rows: Json[][];
}

// {"columns": [...], "rows": [...]} or a list of objects; null when it is neither.
export function tableOf(value: Json): Table | null {
  if (Array.isArray(value)) return tableOfObjects(value);
  if (value === null || typeof value !== "object") return null;
  const { columns, rows } = value;
  if (!Array.isArray(rows)) return null;
  if (!Array.isArray(columns)) return tableOfObjects(rows);
  const names = columns.map((column) => String(isObject(column) ? column.name ?? "" : column));
  return {
    columns: names,
    rows: rows.map((row) => Array.isArray(row) ? row : isObject(row)
      ? names.map((name) => row[name] ?? null) : [row]),
  };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function tableOfObjects(list: Json[]): Table | null {
  if (list.length === 0 || !list.every(isObject)) return null;
  const columns = [...new Set(list.slice(0, SHOWN).flatMap((row) => Object.keys(row)))];
  if (columns.length === 0) return null;
  return { columns, rows: list.map((row) => columns.map((name) => (row as JsonObject)[name] ?? null)) };
}

export function DataTable({ table, label }: { table: Table; label: string }) {
  const [shown, setShown] = useState(SHOWN);
  const isNumber = (column: number) => table.rows.slice(0, SHOWN).every(
    (row) => row[column] === null || typeof row[column] === "number");
  const kinds = table.columns.map((_, i) => (isNumber(i) ? "right" : ""));
  return (
    <TableFrame label={label}>
      <table>
        <thead><tr>{table.columns.map((name, i) => <th key={i} class={kinds[i]}>{name}</th>)}</tr></thead>
        <tbody>
          {table.rows.slice(0, shown).map((row, i) => (
            <tr key={i}>
              {table.columns.map((_, at) => (
                <td key={at} class={kinds[at]}>{cellText(row[at] ?? null)}</td>))}
            </tr>))}
        </tbody>
      </table>
      {table.rows.length > shown && (
        <button type="button" class="link" onClick={() => setShown(shown + 10 * SHOWN)}>
          {number(table.rows.length - shown)} more rows</button>)}
    </TableFrame>
  );
}

function cellText(value: Json): string {
  if (value === null) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
