// The page in a real browser, over a real server, executor and store.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launch, openPage, shell, World } from "./support.mjs";

let world;
let browser;
let page;

before(async () => {
  world = new World();
  await world.server();
  world.executor("--slots", "8");
  browser = await launch();
  world.after(() => browser.close());
  page = await openPage(browser, world.url);
});

after(() => world.close());

// Nothing of a script failed, and nothing was asked of anyone else.
afterEach(() => assert.deepEqual(page.faults, []));

const go = (where) => page.goto(`${world.url}/#/${where}`);
const click = (name, scope = page) => scope.getByRole("button", { name, exact: true }).click();
const node = (name) => page.getByRole("button", { name, exact: true });
const dialog = () => page.getByRole("dialog");
const badge = (state) => page.locator(".page-head .badge", { hasText: state });
const waitsFor = (file) => shell(`until [ -e '${world.path(file)}' ]; do sleep 0.05; done`);

async function confirm(name) {
  await click(name);
  await click(name, dialog());
}

test("a run is submitted with its params and watched live", async () => {
  await go("submit");
  await page.getByLabel("Definition, YAML or JSON").fill(JSON.stringify({
    windlass: 1, name: "watched",
    params: { who: { type: "string", default: "world" }, times: { type: "integer" } },
    tasks: {
      wait: waitsFor("go"),
      greet: shell(["echo", "hello ${{ params.who }} ${{ params.times }}"], { depends_on: ["wait"] }),
    },
  }));
  await page.getByText("watched: 2 tasks, no problems").waitFor();
  await page.getByLabel("who").fill("Ada");
  await page.getByLabel("times").fill("3");
  await click("Submit");
  await node("wait: running").waitFor();
  await node("greet: pending").waitFor();
  world.write("go", "");
  await node("greet: succeeded").waitFor();
  await badge("succeeded").waitFor();
  await node("greet: succeeded").click();
  await page.getByRole("complementary", { name: "Task greet" })
    .getByText("hello Ada 3").first().waitFor();
});

test("a workflow is stored, found by its name and submitted", async () => {
  const definition = { windlass: 1, name: "kept", description: "Kept for later",
    params: { who: { type: "string", default: "world" } },
    tasks: { greet: shell(["echo", "hello ${{ params.who }}"]) } };
  await go("submit");
  await page.getByLabel("Definition, YAML or JSON").fill(JSON.stringify(definition));
  await click("Store this workflow");
  await page.getByText("kept is stored as version 1").first().waitFor();
  await world.api("PUT", "/workflows/kept", { definition: { ...definition, description: "Later" } });
  await go("workflows");
  await page.getByLabel("Name").fill("kep");
  await page.getByRole("row", { name: /kept/ }).getByText("Later").waitFor();
  await click("Versions of kept");
  await page.getByRole("link", { name: "version 1" }).click();
  await page.getByText("kept: 1 task, no problems").waitFor();
  await page.getByLabel("who").fill("Grace");
  await click("Submit");
  await badge("succeeded").waitFor();
  const [{ labels, params }] = (await world.api("GET", "/runs?workflow=kept")).runs;
  assert.deepEqual([labels["windlass.workflow_version"], params], ["1", { who: "Grace" }]);
  await go("workflows");
  await confirm("Delete");
  await page.getByText("No workflow is stored").waitFor();
});

test("of a long text the beginning is shown", async () => {
  const run = await world.submit({ windlass: 1, name: "long", tasks: {
    lines: shell("seq -f %09.0f 0 599999", { params: { command: "seq -f %09.0f 0 599999",
      result: "bytes", media_type: "text/plain" } }) } });
  await world.until(async () => (await world.state(run)) === "succeeded", "the run succeeds");
  await go(`runs/${run}/tasks/lines`);
  await page.getByText("The first 256").waitFor();
  await page.getByText("000000000").first().waitFor();
});

test("what is wrong with a definition is told as it is written", async () => {
  await go("submit");
  await page.getByLabel("Definition, YAML or JSON").fill(
    "windlass: 1\nname: x\ntasks:\n  a: {type: noop, depends_on: [b]}\n");
  await page.getByRole("alert").getByText("line 4").first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Submit", exact: true }).isDisabled(), true);
});

test("the log of a task is followed while it runs", async () => {
  const run = await world.submit({
    windlass: 1, name: "prints", tasks: {
      loud: shell(`seq 1 200; echo careful >&2; ${waitsFor("first").params.command};`
        + ` echo then; ${waitsFor("second").params.command}; echo done`),
    },
  });
  await go(`runs/${run}`);
  await node("loud: running").click();
  const log = page.getByRole("log", { name: "Log of loud, attempt 1" });
  await log.locator(".log-err", { hasText: "careful" }).waitFor();
  const isAtEnd = () => log.evaluate(
    (box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 8);
  assert.equal(await isAtEnd(), true);
  world.write("first", "");
  await log.getByText("then", { exact: true }).waitFor();
  await world.until(isAtEnd, "the log follows its end");
  // Who scrolls up is left in peace.
  await log.evaluate((box) => { box.scrollTop = 0; });
  await page.getByText("Not following").waitFor();
  world.write("second", "");
  await log.getByText("done", { exact: true }).waitFor();
  await page.locator(".log-state", { hasText: "Complete" }).waitFor();
  assert.equal(await log.evaluate((box) => box.scrollTop), 0);
  await click("Go to the end");
  await world.until(isAtEnd, "the log is at its end");
});

test("a failure is inspected and its dead letter requeued", async () => {
  const run = await world.submit({
    windlass: 1, name: "breaks", tasks: {
      good: shell("echo fine"),
      bad: shell(`[ -e '${world.path("fixed")}' ] || { echo no >&2; exit 3; }`,
        { depends_on: ["good"] }),
    },
  });
  await go("runs");
  await page.getByRole("link", { name: run, exact: true }).click();
  await node("bad: failed").click();
  const panel = page.getByRole("complementary", { name: "Task bad" });
  await panel.getByText("exit code 3").first().waitFor();
  await panel.getByText("exit_code").first().waitFor();
  await page.keyboard.press("Escape");

  await go("dead-letters");
  await click("Look at ExitCode of bad");
  await dialog().getByText("1 attempt").waitFor();
  await click("Close", dialog());
  world.write("fixed", "");
  await page.getByLabel(`Choose bad of ${run}`).check();
  await confirm("Requeue");
  await page.getByText("No dead letters").waitFor();
  await world.until(async () => (await world.state(run)) === "succeeded", "the run succeeds");
  await go(`runs/${run}`);
  await badge("succeeded").waitFor();
});

test("dead letters are discarded together", async () => {
  const runs = [];
  for (let i = 0; i < 3; ++i) {
    runs.push(await world.submit({ windlass: 1, name: "hopeless", tasks: { a: shell("exit 1") } }));
  }
  for (const run of runs) {
    await world.until(async () => (await world.state(run)) === "failed", "the run fails");
  }
  await go("dead-letters?workflow=hopeless");
  await page.getByLabel("Choose all 3").check();
  await confirm("Discard");
  await page.getByText("No dead letter is like that").waitFor();
  assert.deepEqual((await world.api("GET", "/dead-letters?workflow=hopeless")).dead_letters, []);
});

test("a run is paused, resumed and cancelled", async () => {
  const run = await world.submit({
    windlass: 1, name: "long", tasks: { a: waitsFor("never") } });
  await go(`runs/${run}`);
  await node("a: running").waitFor();
  await click("Pause");
  await badge("paused").waitFor();
  await click("Resume");
  await badge("running").waitFor();
  await click("Cancel");
  await click("Keep as it is", dialog());
  assert.equal(await world.state(run), "running");
  await confirm("Cancel");
  await badge("cancelled").waitFor();
  assert.equal(await world.state(run), "cancelled");
});

test("a queue is paused and resumed", async () => {
  const paused = async () => (await world.api("GET", "/queues")).queues
    .find(({ name }) => name === "default").paused;
  await go("queues");
  await confirm("Pause");
  await page.locator(".badge", { hasText: "paused" }).waitFor();
  assert.equal(await paused(), true);
  await click("Resume");
  await page.locator(".badge", { hasText: "open" }).waitFor();
  assert.equal(await paused(), false);
});

test("runs are filtered by state, workflow and text", async () => {
  const count = async () => Number(await page.getByRole("table", { name: "Runs" })
    .getAttribute("aria-rowcount")) - 1;
  await go("runs");
  await click("cancelled");
  await world.until(async () => (await count()) === 1, "one run is cancelled");
  await click("All");
  await world.until(async () => (await count()) > 1, "all runs are shown again");
  await page.getByLabel("Workflow", { exact: true }).fill("hopeless");
  await page.keyboard.press("Enter");
  await world.until(async () => (await count()) === 3, "three runs are hopeless");
  await page.getByLabel("Search the runs that are shown").fill("no such text");
  await page.getByText("No run is like that").waitFor();
  await click("Clear the filters");
  await page.getByLabel("Search the runs that are shown").fill("ada");
  await world.until(async () => (await count()) === 1, "one run has Ada for a param");
});

test("new runs show by themselves, also without events", async () => {
  for (const mark of ["Live", "Polling"]) {
    if (mark === "Polling") await page.route("**/api/v1/events*", (route) => route.abort());
    await go("charts");
    await go("runs");
    await page.getByText(mark, { exact: true }).waitFor();
    const run = await world.submit({ windlass: 1, name: "fresh", tasks: { a: { type: "noop" } } });
    await page.getByRole("link", { name: run, exact: true }).waitFor();
  }
  await page.unroute("**/api/v1/events*");
});

test("older runs are read page by page", async () => {
  await world.api("POST", "/runs", {
    definition: { windlass: 1, name: "many", tasks: { a: { type: "noop", queue: "nobody" } } },
    count: 450,
  });
  await go("runs?workflow=many");
  await page.getByText("200 runs shown, there are older ones").waitFor();
  await click("Load older runs");
  await page.getByText("400 runs shown, there are older ones").waitFor();
  const table = page.getByRole("table", { name: "Runs" });
  assert.ok(await table.locator(".list-row").count() < 100);
  await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await page.getByText("450 runs shown", { exact: true }).waitFor();
});

test("a run of ten thousand tasks is a graph, and a list one may scroll", async () => {
  const run = await world.submit({
    windlass: 1, name: "large", tasks: {
      items: { type: "noop" },
      each: {
        type: "noop", depends_on: ["items"],
        map: { items: Array.from({ length: 10_000 }, (_, i) => i), as: "n" },
      },
      last: { type: "noop", depends_on: ["each"] },
    },
  });
  await go(`runs/${run}`);
  await page.getByRole("button", { name: "each: 10,000 tasks, 10,000 succeeded" }).waitFor();
  assert.equal(await page.locator(".node").count(), 3);
  await click("Tasks");
  const table = page.getByRole("table", { name: "Tasks" });
  await table.getByRole("link", { name: "each[3]", exact: true }).waitFor();
  assert.ok(await table.locator(".list-row").count() < 100);
  await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await table.getByRole("link", { name: "each[9999]", exact: true }).click();
  await page.getByRole("complementary", { name: "Task each[9999]" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByLabel("Search tasks").fill("each[777]");
  await page.getByText("1 of 10,003").waitFor();
  await click("Timeline");
  assert.ok(await page.locator(".timeline .list-row").count() < 100);
});

test("a graph of thousands of nodes is drawn as groups that open", async () => {
  const tasks = { first: waitsFor("wide.go") };
  for (let i = 0; i < 2_000; ++i) tasks[`t${i}`] = { type: "noop", depends_on: ["first"] };
  const run = await world.submit({ windlass: 1, name: "wide", tasks });
  await go(`runs/${run}`);
  await page.getByText("2,001 tasks as 2 groups").waitFor();
  await page.getByRole("button", { name: /2,000 tasks, 2,000 pending/ }).click();
  await page.getByText("2,000 of 2,001").waitFor();
  world.write("wide.go", "");
});

const prints = (command, more) => ({ type: "shell", params: { command, ...more } });

test("results are shown as what they are, and saved", async () => {
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  world.write("dot.png", Buffer.from(png, "base64"));
  const run = await world.submit({
    windlass: 1, name: "results", tasks: {
      rows: prints(`echo '[{"city": "Seattle", "n": 41}, {"city": "Spokane", "n": 7}]'`,
        { result: "json" }),
      tree: prints(`echo '{"deep": {"er": [1, 2]}}'`, { result: "json" }),
      dot: prints(`cat '${world.path("dot.png")}'`,
        { result: "bytes", media_type: "image/png" }),
    },
  });
  await world.until(async () => (await world.state(run)) === "succeeded", "it succeeds");
  await go(`runs/${run}/tasks/rows`);
  const panel = page.locator(".panel");
  await panel.getByRole("cell", { name: "Seattle" }).waitFor();
  await click("Show as a tree");
  await panel.getByText('"Seattle"', { exact: true }).waitFor();
  const download = page.waitForEvent("download");
  await click("Save as a file");
  assert.equal((await download).suggestedFilename(), `${run}-rows.json`);
  await go(`runs/${run}/tasks/tree`);
  await panel.getByText("er: ").waitFor();
  await go(`runs/${run}/tasks/dot`);
  const picture = page.getByRole("img", { name: "Result of dot" });
  await picture.waitFor();
  await world.until(() => picture.evaluate((image) => image.naturalWidth === 1), "it is decoded");
});

test("one gets everywhere by keyboard, and sees where one is", async () => {
  const run = await world.submit({
    windlass: 1, name: "keys", tasks: { one: { type: "noop" }, two: { type: "noop", depends_on: ["one"] } } });
  await go(`runs/${run}`);
  await node("two: succeeded").waitFor();
  const focused = () => page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return {
      name: document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent,
      isSeen: style.outlineStyle !== "none" || document.activeElement.matches("g.node, main"),
    };
  });
  await page.evaluate(() => {
    // So that Tab begins at the top, wherever one clicked last.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
  });
  const seen = [];
  while (!seen.includes("one: succeeded") && seen.length < 40) {
    await page.keyboard.press("Tab");
    const { name, isSeen } = await focused();
    assert.ok(isSeen, `${name} does not show its focus`);
    seen.push(name);
  }
  for (const name of ["Skip to the content", "Runs", "Charts", "Retry all", "Graph", "one: succeeded"]) {
    assert.ok(seen.includes(name), `${name} is not among ${seen}`);
  }
  await page.keyboard.press("ArrowRight");
  assert.equal((await focused()).name, "two: succeeded");
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: "Task two" });
  await panel.getByRole("button", { name: "Close the task" }).focus();
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
});

test("a circuit that is open can be closed", async () => {
  await world.submit({
    windlass: 1, name: "calling", tasks: { call: {
      type: "http", params: { url: "http://127.0.0.1:1/" }, retry_policy: { maximum_attempts: 1 },
      circuit_breaker: { key: "orders", failure_threshold: 1, open_for: "1h" } } } });
  await go("circuits");
  const row = page.getByRole("row", { name: /orders/ });
  await row.getByText("open", { exact: true }).waitFor();
  await row.getByRole("button", { name: "Reset" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click();
  await row.getByText("closed", { exact: true }).waitFor();
});

const PLACES = ["runs", "submit", "dead-letters", "executors", "queues", "limits", "circuits",
  "schedules", "workflows", "charts", "nowhere"];

test("every control has a name, and every page a heading", async () => {
  const session = await page.context().newCDPSession(page);
  const roles = ["button", "link", "textbox", "searchbox", "combobox", "checkbox", "spinbutton"];
  const [{ run_id: run }] = (await world.api("GET", "/runs?workflow=breaks")).runs;
  for (const place of [...PLACES, `runs/${run}`, `runs/${run}/tasks/bad`]) {
    await go(place);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    const controls = nodes.filter(({ ignored, role }) => !ignored && roles.includes(role?.value));
    assert.ok(controls.length > 7, place);
    const nameless = controls.filter(({ name }) => !name?.value?.trim());
    assert.deepEqual(nameless, [], place);
  }
});

test("nothing is wider than a telephone", async () => {
  const narrow = await openPage(browser, world.url, { width: 360, height: 720 });
  const [{ run_id: run }] = (await world.api("GET", "/runs?workflow=breaks")).runs;
  const views = ["graph", "timeline", "tasks"].map((view) => `runs/${run}?view=${view}`);
  for (const place of [...PLACES, ...views, `runs/${run}/tasks/bad`]) {
    await narrow.goto(`${world.url}/#/${place}`);
    await narrow.getByRole("heading", { level: 1 }).waitFor();
    const width = await narrow.evaluate(() => Math.max(
      document.documentElement.scrollWidth, document.querySelector("main").scrollWidth));
    assert.ok(width <= 360, `${place} is ${width} wide`);
  }
  assert.deepEqual(narrow.faults, []);
  await narrow.context().close();
});

test("light and dark are as the system has it, or as one chooses", async () => {
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await go("runs");
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground();
  assert.notEqual(light, dark);
  await page.getByRole("button", { name: "Colours: system; change" }).click();
  assert.equal(await ground(), light);
  await page.reload();
  await page.getByRole("button", { name: "Colours: light; change" }).click();
  await page.emulateMedia({ colorScheme: "light" });
  assert.equal(await ground(), dark);
  await page.getByRole("button", { name: "Colours: dark; change" }).click();
});

test("charts are drawn of what ended", async () => {
  await go("charts");
  await page.getByRole("img", { name: /Runs ended per second/ }).waitFor();
  assert.equal(await page.locator("canvas").count(), 2);
  const { runs } = await world.api("GET", "/statistics");
  assert.ok(runs.succeeded >= 5);
  await page.locator(".tiles dd", { hasText: new RegExp(`^${runs.succeeded}$`) }).waitFor();
});

test("an executor is seen, and drained until it is gone", async () => {
  const extra = world.executor("--name", "spare", "--queue", "spare");
  const gone = new Promise((resolve) => extra.once("exit", resolve));
  await go("executors");
  const row = page.getByRole("row", { name: /spare/ });
  await row.getByText("running").waitFor();
  await click("Drain", row);
  await click("Drain", dialog());
  assert.equal(await gone, 0);
});

test("with tokens the page asks for one, and keeps it for the tab", async () => {
  const guarded = new World();
  try {
    guarded.write("tokens", "admin:admin-0123456789abcdef\n");
    await guarded.server("--tokens-file", guarded.path("tokens"));
    const login = await openPage(browser, guarded.url);
    await login.getByLabel("Token").fill("wrong-0123456789abcdef");
    await login.getByRole("button", { name: "Sign in" }).click();
    await login.getByRole("alert").getByText("the token is not valid").waitFor();
    await login.getByLabel("Token").fill("admin-0123456789abcdef");
    await login.getByRole("button", { name: "Sign in" }).click();
    await login.getByText("Live", { exact: true }).waitFor();
    await login.getByText("No runs yet").waitFor();
    await login.reload();
    await login.getByText("No runs yet").waitFor();
    assert.equal(await login.evaluate(() => JSON.stringify(localStorage).includes("admin-")), false);
    await login.getByRole("button", { name: "Sign out" }).click();
    await login.getByLabel("Token").waitFor();
    assert.deepEqual(login.faults, []);
  } finally {
    await guarded.close();
  }
});
