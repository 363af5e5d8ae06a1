// A store, a server, executors and a browser for the tests of the page: all of
// them real, in a folder of their own, on ports of their own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const WINDLASS = process.env.WINDLASS_BINARY ??
  new URL("../../../build/release/windlass", import.meta.url).pathname;
const CHROMIUM = process.env.WINDLASS_CHROMIUM ?? "/usr/bin/chromium";
export const DEADLINE_MS = 30_000;

// Whatever a test began is ended with it, last first.
export class World {
  #ends = [];

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "windlass-web-"));
    this.after(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  after(end) {
    this.#ends.push(end);
  }

  async close() {
    while (this.#ends.length > 0) await this.#ends.pop()();
  }

  path(name) {
    return join(this.folder, name);
  }

  write(name, text) {
    writeFileSync(this.path(name), text);
  }

  #environment(more) {
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("WINDLASS_"));
    return { ...Object.fromEntries(kept), WINDLASS_HEALTH_LISTEN: "127.0.0.1:0", ...more };
  }

  spawn(args, { env = {}, stdio = "ignore" } = {}) {
    const child = spawn(WINDLASS, args, {
      cwd: this.folder, stdio: ["ignore", "ignore", stdio], env: this.#environment(env),
    });
    this.after(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    return child;
  }

  // Returns what it says at the start.
  async server(...args) {
    const child = this.spawn(
      ["server", "--listen", "127.0.0.1:0", "--log-format", "json", ...args], { stdio: "pipe" });
    for await (const line of createInterface({ input: child.stderr })) {
      const { message, listen } = JSON.parse(line);
      if (message !== "started") continue;
      this.url = `http://${listen}`;
      child.stderr.resume();
      return this.url;
    }
    throw new Error("the server did not start");
  }

  executor(...args) {
    return this.spawn(["executor", "--lease-ttl", "1s", "--sweep-interval", "200ms", ...args]);
  }

  async api(method, path, body, headers = {}) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method, headers: { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.json();
  }

  async submit(definition, params = {}) {
    return (await this.api("POST", "/runs", { definition, params })).run_id;
  }

  async state(run) {
    return (await this.api("GET", `/runs/${run}`)).state;
  }

  async until(fact, what) {
    const end = Date.now() + DEADLINE_MS;
    for (;;) {
      if (await fact()) return;
      if (Date.now() > end) throw new Error(`never happened: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export async function launch() {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: tools/install_deps.sh test`);
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
      "--disable-background-networking", "--disable-component-update"],
  });
}

// A page that notes what is wrong with it: `page.faults` has each error of a
// script, each message of its console that is one, and each request elsewhere.
export async function openPage(browser, url, { width = 1280, height = 800, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, deviceScaleFactor: 1, colorScheme: "light",
    reducedMotion: "reduce", ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // The browser says so of each answer 4xx; tests of those look themselves.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) page.faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("blob:")) {
      page.faults.push(`elsewhere: ${request.url()}`);
    }
  });
  await page.goto(url);
  return page;
}

export const shell = (command, more = {}) => ({ type: "shell", params: { command }, ...more });
