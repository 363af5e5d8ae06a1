// The page over a hundred thousand runs: what it asks for, and what it draws,
// are as much as with few.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, World } from "./support.mjs";

const RUNS = 100_000;
const AT_ONCE = 10_000;

let world;
let page;
let answers = [];

before(async () => {
  world = new World();
  await world.server();
  world.executor("--slots", "8");
  const browser = await launch();
  world.after(() => browser.close());
  const definition = { windlass: 1, name: "many", tasks: { a: { type: "noop" } } };
  for (let sent = 0; sent < RUNS; sent += AT_ONCE) {
    await world.api("POST", "/runs", { definition, count: AT_ONCE });
  }
  const counted = async () => (await world.api("GET", "/statistics")).runs.succeeded;
  await world.until(async () => (await counted()) === RUNS, "all runs have ended");
  page = await openPage(browser, world.url);
  page.on("response", (response) => {
    if (!response.url().includes("/api/") || response.url().includes("/events")) return;
    answers.push(response.body().then(({ length }) => ({ url: response.url(), length })));
  });
});

after(() => world.close());

async function open(where) {
  answers = [];
  await page.goto(`${world.url}/#/${where}`);
}

// Of as many runs, no answer has more than a page of them.
async function assertLittleWasRead() {
  assert.ok(answers.length > 0 && answers.length < 20, `${answers.length} requests`);
  const large = (await Promise.all(answers)).filter(({ length }) => length > 200_000);
  assert.deepEqual(large, []);
}

const rows = () => page.getByRole("table", { name: "Runs" }).locator(".list-row");

test("the newest of them are listed", async () => {
  await open("runs");
  await page.getByText("200 runs shown, there are older ones").waitFor();
  await page.getByRole("link", { name: `r${RUNS}`, exact: true }).waitFor();
  assert.ok(await rows().count() < 100);
  await assertLittleWasRead();
});

test("the one that is not like the others is found", async () => {
  const run = await world.submit({ windlass: 1, name: "rare", tasks: { a: { type: "noop" } } });
  await world.until(async () => (await world.state(run)) === "succeeded", "it has ended");
  await world.api("POST", "/runs", {
    definition: { windlass: 1, name: "many", tasks: { a: { type: "noop" } } }, count: AT_ONCE,
  });
  await open("runs?workflow=rare");
  await page.getByRole("link", { name: run, exact: true }).waitFor();
  assert.equal(await rows().count(), 1);
  await open("runs?state=failed");
  await page.getByText("No run is like that").waitFor();
  await assertLittleWasRead();
});

test("a run that is older than all of them is opened by its number", async () => {
  await open("runs/r1");
  await page.getByRole("heading", { name: "many" }).waitFor();
  await page.getByRole("button", { name: "a: succeeded" }).waitFor();
  await assertLittleWasRead();
});

test("charts are drawn of all of them", async () => {
  await open("charts");
  await page.locator("canvas").first().waitFor();
  await assertLittleWasRead();
  assert.deepEqual(page.faults, []);
});
