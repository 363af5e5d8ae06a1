// Where the page is: "#/runs/r42?view=timeline".

import { useEffect, useState } from "preact/hooks";

export interface Route {
  parts: string[];  // Decoded.
  query: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  return {
    parts: path.split("/").filter(Boolean).map(decodePart),
    query: new URLSearchParams(search),
  };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function link(parts: string[], parameters: Record<string, string> = {}): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== "");
  const search = new URLSearchParams(given).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

export const runLink = (run: string, parameters = {}) => link(["runs", run], parameters);
export const taskLink = (run: string, task: string, parameters = {}) =>
  link(["runs", run, "tasks", task], parameters);

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const update = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return route;
}

// Changes the query without a new entry in the history.
export function replaceQuery(parts: string[], parameters: Record<string, string>): void {
  history.replaceState(null, "", link(parts, parameters));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
