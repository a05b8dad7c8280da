// The agent of another host: a process of its own with a token of its own, which can be killed and made to stand still.

import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Logs } from "./logs";
import { BIN, endOf, env } from "./program";

export class Agent extends Logs {
  #process: ChildProcess | null = null;
  #lines: readonly string[] = [];

  constructor(
    host: string,
    private readonly hub: string,
    token: string,
  ) {
    super(host);
    writeFileSync(this.#tokenFile, token, { mode: 0o600 });
  }

  /** The number of its process. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get #config(): string {
    return join(this.dir, ".tailcast.toml");
  }

  get #tokenFile(): string {
    return join(this.dir, ".token");
  }

  /** Has these lines in its configuration, under [agent], from its next start on. */
  configure(lines: readonly string[]): void {
    this.#lines = lines;
  }

  /**
   * Whether it is linked is seen on the hub. `offered`: its whole directory, if nothing else is said. `through`: a program that makes itself
   * into the agent, as one that takes rights away first.
   */
  start(offered: readonly string[] = [this.dir], through: readonly string[] = []): void {
    writeFileSync(this.#config, ["[agent]", ...this.#lines, ""].join("\n"));
    const args = ["agent", ...offered, "--host", this.host, "--hub", this.hub, "--token-file", this.#tokenFile, "--config", this.#config];
    const [program = BIN, ...rest] = [...through, BIN, ...args];
    this.#process = spawn(program, rest, { env, stdio: "ignore" });
  }

  /** Lets it stand still, with its link open, or go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  /** Ends it without a goodbye. */
  async kill(): Promise<void> {
    await endOf(this.#process, "SIGKILL");
    this.#process = null;
  }

  async end(): Promise<void> {
    await this.kill();
    this.remove();
  }
}
