// Requests to the server this page came from, and to no other.

import type { Json } from "./types";

export interface FieldError {
  field: string;
  message: string;
  line?: number;
  column?: number;
  suggestion?: string;
}

// An answer that is an error, as RFC 9457 has it.
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly errors: FieldError[] = [],
  ) {
    super(detail);
  }
}

const TOKEN = "windlass.token";
const listeners = new Set<() => void>();

// For this tab alone, until it is closed.
export function token(): string {
  return sessionStorage.getItem(TOKEN) ?? "";
}

export function setToken(value: string): void {
  if (value) sessionStorage.setItem(TOKEN, value);
  else sessionStorage.removeItem(TOKEN);
}

// Told of each answer 401.
export function onUnauthorized(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function headers(more: Record<string, string> = {}): Record<string, string> {
  const given = token();
  return given ? { ...more, Authorization: `Bearer ${given}` } : more;
}

async function problemOf(response: Response): Promise<Problem> {
  const isProblem = (response.headers.get("Content-Type") ?? "")
    .startsWith("application/problem+json");
  if (!isProblem) {
    return new Problem(response.status, `the server answered ${response.status}`);
  }
  const document = await response.json();
  return new Problem(response.status, document.detail, document.errors ?? []);
}

// The answer when it is a good one; throws a Problem otherwise.
export async function request(
  method: string,
  path: string,
  options: { body?: unknown; signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<Response> {
  const sendsBody = method === "POST" || method === "PUT";
  const given: Record<string, string> =
    sendsBody ? { "Content-Type": "application/json" } : {};
  let response: Response;
  try {
    response = await fetch(`api/v1${path}`, {
      method,
      headers: headers({ ...given, ...options.headers }),
      body: sendsBody ? JSON.stringify(options.body ?? {}) : null,
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, "the server does not answer");
  }
  if (response.ok) return response;
  if (response.status === 401) listeners.forEach((listener) => listener());
  throw await problemOf(response);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request("GET", path, signal ? { signal } : {})).json();
}

export async function post<T = Json>(path: string, body: unknown = {}): Promise<T> {
  return (await request("POST", path, { body })).json();
}

export const runPath = (run: string) => `/runs/${encodeURIComponent(run)}`;
export const taskPath = (run: string, task: string) =>
  `${runPath(run)}/tasks/${encodeURIComponent(task)}`;

export function query(parameters: Record<string, string | number | null | undefined>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") given.set(name, String(value));
  }
  const text = given.toString();
  return text ? `?${text}` : "";
}
