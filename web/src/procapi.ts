// Questions about the processes of hosts. Errors are those of `api.ts`.

import type { Pair } from "./address";
import { ask } from "./api";
import type { ProcessesAddress } from "./procaddress";
import { keyOf, type AllProcesses, type HostSockets, type Limits, type ProcessDetail } from "./procshapes";

/** The first of all processes that an address asks for, each once. */
export async function fetchProcesses({ host, writes, q, sort, reverse }: ProcessesAddress, limit: number, signal: AbortSignal): Promise<AllProcesses> {
  const pairs: [string, string][] = [
    ["host", host],
    ["writes", writes],
    ["q", q.trim()],
    ["sort", sort],
    ["reverse", reverse ? "true" : ""],
    ["limit", String(limit)],
  ];
  const answer = await ask<AllProcesses>("processes", pairs.filter(([, value]) => value !== ""), signal);
  return { ...answer, processes: [...new Map(answer.processes.map((row) => [keyOf(row), row])).values()] };
}

/** One in full, with so many of its files from a number on. */
export function fetchProcess(host: string, pid: number, files: { from: number; limit: number }, signal?: AbortSignal): Promise<ProcessDetail> {
  const pairs: Pair[] = [["from", String(files.from)], ["limit", String(files.limit)]];
  return ask<ProcessDetail>(`${of(host)}/processes/${pid}`, pairs, signal);
}

export function fetchSockets(host: string, signal: AbortSignal): Promise<HostSockets> {
  return ask<HostSockets>(`${of(host)}/sockets`, [], signal);
}

/** What limits a process; its agent when none is named. */
export function fetchLimits(host: string, pid: number | null, signal: AbortSignal): Promise<Limits> {
  return ask<Limits>(`${of(host)}/limits`, pid === null ? [] : [["pid", String(pid)]], signal);
}

function of(host: string): string {
  return `hosts/${encodeURIComponent(host)}`;
}
