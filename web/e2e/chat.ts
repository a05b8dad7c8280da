// The chat room among the examples of the fan-out, as its README starts it: a broker, two processes, and an nginx with the configuration
// that stands beside it, on free ports and in a folder of their own. Everything ends with the test, by process id.

import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, test as base, type Browser, type Page } from "@playwright/test";
import { answers, freePort } from "./ports";
import { BIN, endOf } from "./program";

const CHAT = resolve(BIN, "../examples/chat");
const CONFIGURATION = resolve(import.meta.dirname, "../../crates/fanout/examples/chat/nginx.conf");
const QUIET: StdioOptions = ["ignore", "ignore", "inherit"];

export class Site {
  readonly #dir = mkdtempSync(join(tmpdir(), "tailcast-chat-"));
  #brokerPort = 0;
  #nginxPort = 0;
  #broker: ChildProcess | null = null;
  readonly #children: ChildProcess[] = [];
  /** The addresses of the two processes behind the nginx. */
  readonly processes: string[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.#nginxPort}/`;
  }

  /** `change`: what is different in the configuration of the nginx. */
  async start(change = (configuration: string): string => configuration): Promise<void> {
    this.#brokerPort = await freePort();
    this.#nginxPort = await freePort();
    await this.startBroker();
    while (this.processes.length < 2) this.processes.push(await this.#startChat());
    let configuration = change(readFileSync(CONFIGURATION, "utf8")).replace("daemon off;", "daemon off;\nmaster_process off;").replace("stderr warn", "stderr crit");
    this.processes.forEach((address, n) => (configuration = configuration.replace(`127.0.0.1:900${n + 1}`, address)));
    writeFileSync(join(this.#dir, "nginx.conf"), configuration.replace("127.0.0.1:8080", `127.0.0.1:${this.#nginxPort}`));
    mkdirSync(join(this.#dir, "temp"));
    this.#children.push(spawn("/usr/sbin/nginx", ["-p", this.#dir, "-c", "nginx.conf"], { stdio: QUIET }));
    await answers(this.#nginxPort);
  }

  async startBroker(): Promise<void> {
    const args = ["--port", String(this.#brokerPort), "--bind", "127.0.0.1", "--save", ""];
    this.#broker = spawn("redis-server", args, { cwd: this.#dir, stdio: QUIET });
    await answers(this.#brokerPort);
  }

  /** Ends it without a goodbye, with all that it holds. */
  killBroker(): Promise<void> {
    return endOf(this.#broker, "SIGKILL");
  }

  /** Ends one of the two processes, also without a goodbye. */
  killProcess(n: number): Promise<void> {
    return endOf(this.#children[n] ?? null, "SIGKILL");
  }

  /** Says something at one of the processes, as somebody of an address of their own. */
  async say(text: string, n: number): Promise<void> {
    const address = `192.0.2.${n % 256}`;
    const body = JSON.stringify({ name: "crowd", text });
    const answer = await fetch(`http://${this.processes[n % 2]}/say`, { method: "POST", headers: { "x-real-ip": address }, body });
    expect(answer.status).toBe(202);
  }

  async end(): Promise<void> {
    await Promise.all([this.#broker, ...this.#children].map((child) => endOf(child, "SIGKILL")));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #startChat(): Promise<string> {
    const child = spawn(CHAT, ["127.0.0.1:0", `redis://127.0.0.1:${this.#brokerPort}`], { stdio: ["ignore", "pipe", "inherit"] });
    this.#children.push(child);
    for await (const line of createInterface(child.stdout)) return line.replace("chat: listening on http://", "");
    throw new Error(`${CHAT} ended before it listened`);
  }
}

/** A room, and a second browser beside the test's own. */
export const test = base.extend<{ site: Site; other: Browser }>({
  // oxlint-disable-next-line no-empty-pattern
  site: async ({}, use) => {
    const site = new Site();
    await use(site);
    await site.end();
  },
  other: async ({ playwright, launchOptions }, use) => {
    const browser = await playwright.chromium.launch(launchOptions);
    await use(browser);
    await browser.close();
  },
});

/** Goes in, by whichever way works. */
export async function enter(page: Page, site: Site, way = "connected"): Promise<void> {
  await page.goto(site.url);
  await expect(page.locator("#state")).toHaveText(way);
}

export async function say(page: Page, name: string, text: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Say" }).click();
}

/** What the page shows, from top to bottom, notes among it. */
export async function shows(page: Page, texts: readonly string[]): Promise<void> {
  await expect(page.locator("#said li > span, #said li.note")).toHaveText([...texts]);
}

/** The process that the page hears from. */
export function processOf(page: Page): Promise<string> {
  return page.evaluate("[...places.keys()].at(-1)");
}
