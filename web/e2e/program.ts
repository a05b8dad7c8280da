// The program under test, and how a process of it is ended.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

// The program takes no variable of its own name that it does not know, so it is not handed on.
const { TAILCAST_BIN: named, ...rest } = process.env;
export const env = rest;
export const BIN = named ?? resolve(import.meta.dirname, "../../target/debug/tailcast");

/** Ends a process and waits for its end. One that stands still hears nothing but SIGKILL. */
export async function endOf(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}
