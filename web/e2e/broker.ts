// A real broker on a free port, and hubs that it joins.

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hub } from "./hub";
import { answers, freePort } from "./ports";
import { BIN, endOf, env } from "./program";

export class Broker {
  readonly #dir = mkdtempSync(join(tmpdir(), "tailcast-broker-"));
  #process: ChildProcess | null = null;
  #port = 0;

  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    const args = ["--port", String(this.#port), "--bind", "127.0.0.1", "--save", ""];
    this.#process = spawn("redis-server", args, { cwd: this.#dir, stdio: "ignore" });
    await answers(this.#port);
  }

  /** Joins hubs, which it starts. Each needs to know its own address before. */
  async join(hubs: readonly Hub[]): Promise<void> {
    const key = join(this.#dir, "key");
    writeFileSync(key, spawnSync(BIN, ["cluster-key"], { env }).stdout, { mode: 0o600 });
    for (const hub of hubs) {
      await hub.start();
      await hub.stop();
      hub.configure([
        `broker = "redis://127.0.0.1:${this.#port}"`,
        "[cluster]",
        `key_file = "${key}"`,
        `peer_url = "${hub.url.replace(/\/$/, "")}"`,
      ]);
      await hub.start();
    }
  }

  /** Ends it without a goodbye. */
  async kill(): Promise<void> {
    await endOf(this.#process, "SIGKILL");
    this.#process = null;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
