// A hub of a test's own: the real program on a free port, with a directory of logs that the test writes.

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test as base, type Locator, type Page } from "@playwright/test";
import { Agent } from "./agent";
import { Logs } from "./logs";
import { BIN, endOf, env } from "./program";

export const HOST = "web1";

export class Hub extends Logs {
  readonly #state = mkdtempSync(join(tmpdir(), "tailcast-state-"));
  readonly #agents: Agent[] = [];
  #process: ChildProcess | null = null;
  #address = "127.0.0.1";
  #port = 0;

  #base = "/";
  #lines: readonly string[] = [];

  constructor(dir?: string, host = HOST) {
    super(host, dir);
  }

  get url(): string {
    return `http://${this.#address}:${this.#port}${this.#base}`;
  }

  /** The number of its process. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Serves below a path, as behind a proxy that has other things to serve, too. */
  below(base: string): void {
    this.#base = base;
  }

  /** Has these lines in its configuration, under [hub], from its next start on. */
  configure(lines: readonly string[]): void {
    this.#lines = lines;
  }

  /** Listens where being on this machine is not enough to be let in. */
  wantPassword(address: string, password: string): void {
    this.#address = address;
    const { status, stderr } = spawnSync(BIN, ["password", "--state-dir", this.#state], { env, input: `${password}\n` });
    if (status !== 0) throw new Error(String(stderr));
  }

  /** Starts it, on the port that it had before if there was one. */
  async start(): Promise<void> {
    const listen = `${this.#address}:${this.#port}`;
    const args = ["serve", this.dir, "--host", this.host, "--listen", listen, "--state-dir", this.#state];
    const config = join(this.#state, "tailcast.toml");
    writeFileSync(config, ["[hub]", `base_path = "${this.#base}"`, ...this.#lines, ""].join("\n"));
    args.push("--config", config);
    // What it says of itself is of interest only when it does not start.
    const child = spawn(BIN, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr?.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-4000)));
    child.on("error", (error) => (said += String(error)));
    this.#process = child;
    if (!child.stdout) throw new Error("no stdout");
    for await (const line of createInterface(child.stdout)) {
      const port = /^tailcast: listening on http:\/\/[\d.]+:(\d+)/.exec(line)?.[1];
      if (port === undefined) continue;
      this.#port = Number(port);
      child.stdout.resume();
      return;
    }
    throw new Error(`${BIN} ended before it listened: ${said}`);
  }

  /** The agent of another host, a process of its own with a token of its own; not started yet. */
  agent(host: string): Agent {
    const agent = new Agent(host, this.url, this.#command("token", "add", "--agent", host, "--name", host).trim());
    this.#agents.push(agent);
    return agent;
  }

  /** Waits until an agent is linked: a page that is earlier tells, rightly, that no such host has been here. */
  async has(agent: Agent): Promise<void> {
    const linked = async (): Promise<boolean> => {
      const { hosts } = (await (await fetch(`${this.url}api/v1/hosts`)).json()) as { hosts: { name: string; state: string }[] };
      return hosts.some(({ name, state }) => name === agent.host && state === "up");
    };
    await expect.poll(linked, { timeout: 30_000 }).toBe(true);
  }

  /** Takes the token of an agent away. */
  dismiss(agent: Agent): void {
    this.#command("token", "remove", agent.host);
  }

  #command(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(BIN, [...args, "--state-dir", this.#state], { env });
    if (status !== 0) throw new Error(String(stderr));
    return String(stdout);
  }

  /** Ends it without a goodbye, as a power cut would. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Ends it as a service is ended: it says goodbye. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Lets it stand still, with all its connections, or go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  /** How many files it may have open from now on. */
  limit(files: number): void {
    const { status, stderr } = spawnSync("prlimit", ["--pid", String(this.#process?.pid), `--nofile=${files}:${files}`]);
    if (status !== 0) throw new Error(String(stderr));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await endOf(this.#process, signal);
    this.#process = null;
  }

  async end(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.end()));
    await this.kill();
    rmSync(this.#state, { recursive: true, force: true });
    this.remove();
  }
}

/** A test with a hub that is not started yet: logs come first. */
export const test = base.extend<{ hub: Hub }>({
  // Playwright reads the names of the fixtures that are used out of this pattern, and insists on one.
  // oxlint-disable-next-line no-empty-pattern
  hub: async ({}, use) => {
    const hub = new Hub();
    await use(hub);
    await hub.end();
  },
});

/** Opens a log through the list, as a person would. */
export async function openLog(page: Page, hub: Hub, name: string): Promise<void> {
  await page.goto(`${hub.url}hosts`);
  await page.getByRole("link", { name: new RegExp(`${name}$`) }).click();
  await isLive(page);
}

export async function isLive(page: Page): Promise<void> {
  await expect(page.getByTestId("standing")).toHaveText("live");
}

/** As a browser tells a page that its tab is in front or behind. */
export function looksAt(page: Page, visible: boolean): Promise<void> {
  return page.evaluate((now) => {
    Object.defineProperty(document, "hidden", { value: !now, configurable: true });
    Object.defineProperty(document, "visibilityState", { value: now ? "visible" : "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, visible);
}

/** The numbers of the lines in the document, from top to bottom: those on the screen and near it, without a hole. */
export function numbers(page: Page): Promise<number[]> {
  return page
    .locator(".row .text")
    .evaluateAll((rows) => rows.flatMap((row) => /^line (\d+)$/.exec(row.textContent ?? "")?.[1] ?? []).map(Number));
}

/** The row whose line reads so: of a row's own text, which goes on behind that of its line, nothing counts. */
export function rowOf(page: Page, text: RegExp, within: Page | Locator = page): Locator {
  return within.locator(".row").filter({ has: page.locator(".text", { hasText: text }) });
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

export async function showsExactly(page: Page, from: number, to: number): Promise<void> {
  await expect.poll(() => numbers(page)).toEqual(range(from, to));
}

/** The last rows in the document are the lines up to, not including, `to`, without a hole; with fewer than `least` there are no others. */
export async function endsWith(page: Page, to: number, least = 20): Promise<void> {
  await expect
    .poll(async () => {
      const shown = await numbers(page);
      return shown.length >= least && shown.every((n, i) => n === to - shown.length + i) ? shown.at(-1) : shown;
    })
    .toBe(to - 1);
}

/** Reads from where the view stands, a screen at a time, as far as there is more in that direction; gives the numbers of all lines, in order. */
export async function readAll(page: Page, direction: "up" | "down"): Promise<number[]> {
  return page.getByTestId("rows").evaluate(async (box, up) => {
    const found: number[] = [];
    const frame = () => new Promise((next) => requestAnimationFrame(next));
    const collect = (): number => {
      const all = [...box.querySelectorAll(".row .text")].flatMap((row) => /^line (\d+)$/.exec(row.textContent ?? "")?.[1] ?? []);
      const now = all.map(Number);
      const known = up ? now.indexOf(found[0] ?? -1) : now.indexOf(found.at(-1) ?? -1);
      // Too far at once, as from a pinned end, where little is in the document: back, and again.
      if (found.length > 0 && known < 0) return -1;
      const more = found.length === 0 ? now : up ? now.slice(0, known) : now.slice(known + 1);
      if (up) found.unshift(...more);
      else found.push(...more);
      return more.length;
    };
    const isOver = (): boolean => {
      const end = up ? box.scrollTop === 0 : box.scrollHeight - box.scrollTop - box.clientHeight < 2;
      const wait = up ? (box.textContent ?? "").includes("The log begins here.") : document.querySelector("footer .state.main") === null;
      return end && wait;
    };
    const until = performance.now() + 40_000;
    while (performance.now() < until) {
      const more = collect();
      if (more === 0 && isOver()) return found;
      box.scrollTop += (more < 0 ? -0.9 : 1.8) * (up ? -1 : 1) * box.clientHeight;
      await frame();
    }
    throw new Error(`no end after ${found.length} lines: ${found[0]} to ${found.at(-1)}, at ${box.scrollTop} of ${box.scrollHeight}, ${box.querySelector(".beyond")?.textContent}`);
  }, direction === "up");
}

/** Turns the wheel over the rows. */
export async function wheel(page: Page, pixels: number): Promise<void> {
  await page.getByTestId("rows").hover();
  await page.mouse.wheel(0, pixels);
}
