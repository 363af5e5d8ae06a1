// The page: where one is, what one may go to, and whether one may.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, onUnauthorized, Problem, setToken, token } from "./api";
import { readClock, useInterval } from "./live";
import { Announcer } from "./parts/announcer";
import { Empty, Page } from "./parts/basic";
import { ChartsPage, useSampling } from "./pages/charts";
import { CircuitsPage } from "./pages/circuits";
import { DeadLettersPage } from "./pages/dead_letters";
import { ExecutorsPage, LimitsPage, QueuesPage } from "./pages/fleet";
import { RunPage } from "./pages/run";
import { RunsPage } from "./pages/runs";
import { SchedulesPage } from "./pages/schedules";
import { SubmitPage } from "./pages/submit";
import { WorkflowsPage } from "./pages/workflows";
import { link, useRoute } from "./route";
import type { Route } from "./route";
import { ThemeButton } from "./theme";

const PLACES: [string, string][] = [
  ["runs", "Runs"], ["dead-letters", "Dead letters"], ["executors", "Executors"],
  ["queues", "Queues"], ["limits", "Limits"], ["circuits", "Circuits"], ["schedules", "Schedules"],
  ["workflows", "Workflows"],
  ["charts", "Charts"],
];
const CLOCK_MS = 60_000;

function View({ route }: { route: Route }) {
  switch (route.parts[0] ?? "runs") {
    case "runs":
      return route.parts[1]
        ? <RunPage key={route.parts[1]} route={route} /> : <RunsPage route={route} />;
    case "submit": return <SubmitPage key={route.query.toString()} route={route} />;
    case "dead-letters": return <DeadLettersPage route={route} />;
    case "executors": return <ExecutorsPage />;
    case "queues": return <QueuesPage />;
    case "limits": return <LimitsPage />;
    case "circuits": return <CircuitsPage />;
    case "schedules": return <SchedulesPage />;
    case "workflows": return <WorkflowsPage />;
    case "charts": return <ChartsPage />;
    default: return (
      <Page title="Nothing here">
        <Empty title="There is no such page"><a href={link(["runs"])}>Go to the runs</a></Empty>
      </Page>);
  }
}

function App() {
  const route = useRoute();
  const [needsToken, setNeedsToken] = useState(false);
  const main = useRef<HTMLElement>(null);
  const place = route.parts[0] ?? "runs";
  useEffect(() => onUnauthorized(() => setNeedsToken(true)), []);
  const synchronize = () => void readClock().catch(() => {});
  useEffect(synchronize, [needsToken]);
  useInterval(synchronize, CLOCK_MS, !needsToken);
  useSampling(!needsToken);
  if (needsToken) return <Login onDone={() => setNeedsToken(false)} />;
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content</button>
      <nav aria-label="Pages">
        <a class="brand" href={link(["runs"])} aria-label="Windlass">
          <Logo /><span aria-hidden="true">Windlass</span></a>
        <ul>
          {PLACES.map(([name, text]) => (
            <li key={name}>
              <a href={link([name])}
                aria-current={place === name || name === "runs" && place === "submit"
                  ? "page" : undefined}>{text}</a>
            </li>))}
        </ul>
        <div class="nav-foot">
          <ThemeButton />
          {token() && (
            <button type="button" class="ghost" onClick={() => {
              setToken("");
              setNeedsToken(true);
            }}>Sign out</button>)}
        </div>
      </nav>
      <main ref={main} tabIndex={-1}><View route={route} /></main>
      <Announcer />
    </div>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <circle cx="12" cy="12" r="4" fill="none" stroke="currentColor" stroke-width="2" />
      <path d="M12 2v6M12 16v6M2 12h6M16 12h6M4.9 4.9l4.3 4.3M14.8 14.8l4.3 4.3M19.1 4.9l-4.3 4.3M9.2 14.8l-4.3 4.3"
        stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </svg>
  );
}

function Login({ onDone }: { onDone: () => void }) {
  const [error, setError] = useState(token() ? "The token is not valid" : "");
  const enter = async (value: string) => {
    setToken(value);
    try {
      await get("/statistics");
      onDone();
    } catch (problem) {
      setToken("");
      setError((problem as Problem).message);
    }
  };
  return (
    <main class="login">
      <form onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget).get("token");
        void enter(String(given).trim());
      }}>
        <Logo />
        <h1>Windlass</h1>
        <p class="muted">This server asks for a token. It is kept for this tab, until it is closed.</p>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="off" required autofocus />
        {error && <div class="note note-error" role="alert">{error}</div>}
        <button type="submit" class="primary">Sign in</button>
      </form>
    </main>
  );
}

render(<App />, document.getElementById("app")!);
