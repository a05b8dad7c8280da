// Processes that do what a process should not: real ones, next to the hub of a test, each ended by its number.

import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type Server } from "node:net";
import { createInterface } from "node:readline";
import { endOf } from "./program";

/** Opens a connection for each request that it gets, and never closes one. */
const LEAKY = `
process.title = "leaky-shop";
const net = require("net"), kept = [];
require("http").createServer((request, response) => {
  const client = net.connect({ port: Number(process.env.UPSTREAM), host: "127.0.0.1", allowHalfOpen: true });
  kept.push(client);
  client.resume().on("connect", () => response.end()).on("error", () => response.end());
}).listen(0, "127.0.0.1", function () { console.log(String(this.address().port)); });
`;

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("no stdout");
  for await (const line of createInterface(child.stdout)) {
    child.stdout.resume();
    return line;
  }
  throw new Error("it ended before it said a word");
}

export class Leaky {
  #upstream: Server | null = null;
  #child: ChildProcess | null = null;
  #port = "";

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Where its connections go. */
  get peer(): string {
    const address = this.#upstream?.address();
    return typeof address === "object" && address ? `127.0.0.1:${address.port}` : "";
  }

  /** `limit`: how many files it may open, which Node itself raises to the hard limit. `hangsUp`: its upstream closes each connection, so that it is this process that does not. */
  async start(limit: number, hangsUp: boolean): Promise<void> {
    this.#upstream = createServer((socket) => {
      socket.on("error", () => {});
      if (hangsUp) socket.end();
    });
    await new Promise<void>((resolve) => this.#upstream?.listen(0, "127.0.0.1", resolve));
    const port = this.peer.split(":")[1];
    this.#child = spawn("sh", ["-c", `ulimit -n ${limit}; exec node -e "$LEAKY"`], { env: { ...process.env, LEAKY, UPSTREAM: port }, stdio: ["ignore", "pipe", "ignore"] });
    this.#port = await firstLine(this.#child);
  }

  /** Does what leaks, so many times, or until it has no descriptor left to answer with. */
  async request(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/`, { headers: { Connection: "close" }, signal: AbortSignal.timeout(1000) }).catch(() => null);
      if (!answer) return;
      await answer.text();
    }
  }

  async end(): Promise<void> {
    await endOf(this.#child, "SIGKILL");
    this.#upstream?.close();
  }
}

/** A process of a shell script, from when it says a line on. */
export async function shell(script: string, ...args: string[]): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = spawn("sh", ["-c", script, "sh", ...args], { stdio: ["ignore", "pipe", "ignore"] });
  await firstLine(child);
  return { pid: child.pid ?? 0, end: () => endOf(child, "SIGKILL") };
}
