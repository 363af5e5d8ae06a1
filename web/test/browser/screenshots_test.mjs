// The pictures of docs/images, of real runs. Made anew when
// WINDLASS_UPDATE_SCREENSHOTS is 1; otherwise it is checked that they are there
// and small.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { launch, openPage, shell, World } from "./support.mjs";

const FOLDER = new URL("../../../docs/images/", import.meta.url).pathname;
const NAMES = ["run-light", "run-dark", "task-dark", "runs-light"];
const LARGEST = 150_000;

function flow(world) {
  return {
    windlass: 1, name: "airport-report", params: { state: { type: "string", default: "WA" } },
    tasks: {
      routes: shell("sleep 0.4; echo 41 routes"),
      weather: shell("sleep 0.9; echo dry"),
      busiest: shell("sleep 0.6; echo SEA", { depends_on: ["routes"] }),
      per_airport: {
        type: "shell", depends_on: ["busiest"], allow_failure: true,
        map: { items: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], as: "airport" },
        params: {
          command: "sleep 0.3; [ ${{ airport }} != 7 ] || { echo 'no such airport' >&2; exit 3; }",
        },
        retry_policy: { maximum_attempts: 2, initial_interval: "200ms" },
      },
      enrich: shell("sleep 0.8", { depends_on: ["routes", "weather"] }),
      report: shell(`until [ -e '${world.path("go")}' ]; do sleep 0.1; done`,
        { depends_on: ["per_airport", "enrich"] }),
      publish: shell("echo done", { depends_on: ["report"] }),
    },
  };
}

async function takeAll() {
  const world = new World();
  try {
    await world.server();
    world.executor("--slots", "6");
    const small = (name, command) => world.submit(
      { windlass: 1, name, labels: { team: "data" }, tasks: { a: shell(command) } });
    for (let i = 0; i < 4; ++i) {
      await small("nightly-import", "sleep 0.5");
      await small("hourly-check", i === 2 ? "exit 2" : "sleep 0.1");
      await small("thumbnails", "sleep 0.2");
    }
    const run = await world.submit(flow(world), { state: "OR" });
    const browser = await launch();
    world.after(() => browser.close());
    const page = await openPage(browser, world.url, { width: 1200, height: 720 });
    const take = (name, colorScheme) => page.emulateMedia({ colorScheme })
      .then(() => page.screenshot({ path: `${FOLDER}${name}.png` }));
    await page.goto(`${world.url}/#/runs/${run}`);
    await page.getByRole("button", { name: "report: running" }).waitFor();
    await take("run-light", "light");
    await take("run-dark", "dark");
    await page.goto(`${world.url}/#/runs/${run}/tasks/per_airport%5B6%5D?view=timeline`);
    await page.locator(".panel").getByText("2 attempts").waitFor();
    await take("task-dark", "dark");
    await page.goto(`${world.url}/#/runs`);
    await page.getByRole("link", { name: run, exact: true }).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await take("runs-light", "light");
    assert.deepEqual(page.faults, []);
  } finally {
    await world.close();
  }
}

test("the pictures of the documentation are there, and small", async () => {
  if (process.env.WINDLASS_UPDATE_SCREENSHOTS === "1") await takeAll();
  for (const name of NAMES) {
    const picture = readFileSync(`${FOLDER}${name}.png`);
    assert.equal(picture.subarray(1, 4).toString(), "PNG", name);
    assert.ok(picture.length <= LARGEST, `${name} has ${picture.length} bytes`);
  }
});
