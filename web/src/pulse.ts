// What becomes of the hub's numbers on the page: rates out of counters, minutes of them for the charts, how serious the descriptors are,
// and the commands that a person can copy. Pure: it reads no clock and asks nobody.

import type { AgentRow, Descriptors, HubNow, NewToken } from "./hubshapes";

/** Samples that are kept: five minutes of one every 2 s. */
export const KEPT = 150;

export const SERIES = ["lines", "bytes", "viewers", "descriptors"] as const;
export type Series = (typeof SERIES)[number];

/** The hub at one moment; rates are per second, null where there was nothing to compare with. */
export interface Sample {
  /** Seconds since 1970, by the hub's clock. */
  at: number;
  values: Record<Series, number | null>;
}

/** Silent for longer than a link that works can be, in milliseconds: one without lines is asked for a sign of life every 15 s. */
const SILENT_MS = 20_000;

/** Whether nothing is heard of an agent although its link is up. */
export function isSilent({ link }: Pick<AgentRow, "link">): boolean {
  return (link?.silent_milliseconds ?? 0) > SILENT_MS;
}

/** Minutes of samples, and the counters that the next one is compared with. */
export interface Pulse {
  samples: readonly Sample[];
  last: { started: string; at: number; lines: number; bytes: number } | null;
}

export const STILL: Pulse = { samples: [], last: null };

/** One more answer of the hub. A hub that was started anew counts from nothing: there is no rate over its start. */
export function beat(pulse: Pulse, hub: HubNow): Pulse {
  const at = Date.parse(hub.now) / 1000;
  const { lines, bytes } = hub.counters;
  const before = pulse.last?.started === hub.started && pulse.last.at < at ? pulse.last : null;
  const rate = (now: number, then: number | undefined): number | null =>
    before === null || then === undefined ? null : Math.max(0, now - then) / (at - before.at);
  const values = {
    lines: rate(lines, before?.lines),
    bytes: rate(bytes, before?.bytes),
    viewers: hub.viewers.open,
    descriptors: hub.descriptors.used,
  };
  // A clock that was set back would draw a line backwards.
  const kept = (pulse.samples.at(-1)?.at ?? 0) < at ? pulse.samples : [];
  return { samples: [...kept, { at, values }].slice(-KEPT), last: { started: hub.started, at, lines, bytes } };
}

/** What a chart says in words: now, the least and the most; null where there is nothing yet. */
export function summary(samples: readonly Sample[], series: Series): { now: number; least: number; most: number; seconds: number } | null {
  const values = samples.flatMap(({ values }) => values[series] ?? []);
  const now = values.at(-1);
  if (now === undefined) return null;
  const seconds = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0);
  return { now, least: Math.min(...values), most: Math.max(...values), seconds };
}

/** How much of the limit is used, and how serious that is. */
export type Level = "fine" | "watch" | "warn" | "full";

const LEVELS: readonly [number, Level][] = [
  [0.95, "full"],
  [0.85, "warn"],
  [0.7, "watch"],
];

type Budget = Pick<Descriptors, "used" | "beyond" | "limit" | "classes">;

/** Of the limit, which is all that is known of other processes, or of the viewers' places, whichever is nearer to its end: viewers are refused while others still have what they are promised. */
export function level({ used, beyond = 0, limit, classes }: Pick<Budget, "used" | "limit"> & Partial<Budget>): Level {
  const { taken, all } = classes ? places({ used, beyond, limit, classes }) : { taken: used, all: limit };
  const share = Math.max(limit === 0 ? 1 : (used - beyond) / limit, all === 0 ? 1 : taken / all);
  return LEVELS.find(([from]) => share >= from)?.[1] ?? "fine";
}

/** Places for viewers: what the others neither have nor are promised. Who has a number above the limit, as before it was lowered, has one besides. */
export function places({ limit, beyond, classes }: Budget): { taken: number; all: number } {
  const others = classes.filter((row) => row.class !== "viewers").reduce((sum, { used, floor }) => sum + Math.max(used, floor), 0);
  const taken = classes.find((row) => row.class === "viewers")?.used ?? 0;
  return { taken, all: Math.max(taken, limit + beyond - others) };
}

/** Less than a minute shows no slope, and a few descriptors more are none. */
const SLOPE_SECONDS = 60;
const SLOPE_LEAST = 8;
/** What is so far off is no reason to do something now, in seconds. */
const LEFT_MOST = 60 * 60;

/**
 * Seconds until there is no place for viewers any more, at the slope of the samples; null where they do not rise towards that within an
 * hour. What has been higher before comes and goes, and does not rise.
 */
export function timeLeft(samples: readonly Sample[], descriptors: Budget): number | null {
  const used = samples.flatMap(({ at, values }) => (values.descriptors === null ? [] : [{ at, used: values.descriptors }]));
  const [first, last] = [used[0], used.at(-1)];
  if (!first || !last || last.at - first.at < SLOPE_SECONDS) return null;
  const half = used.find(({ at }) => at >= (first.at + last.at) / 2) ?? last;
  const rises = first.used < half.used && half.used < last.used && used.every((sample) => sample.used <= last.used);
  if (!rises || last.used - first.used < SLOPE_LEAST) return null;
  const { taken, all } = places(descriptors);
  const left = ((all - taken) * (last.at - first.at)) / (last.used - first.used);
  return left <= LEFT_MOST ? left : null;
}

/** A word that a shell takes as it is. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_.,:/@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function command(...words: string[]): string {
  return words.join(" ");
}

/** Beyond this, more descriptors are no use to a hub. */
const MOST = 2 ** 20;
/** What a limit is raised to at the least, where root raises both. */
const PLENTY = 65_536;

/** What raises the limit of a hub that runs, to its hard limit or, by root, that one too; null where it is as high as it needs to be. */
export function raised({ limit, hard, pid }: Pick<Descriptors, "limit" | "hard" | "pid">): string | null {
  const most = Math.min(MOST, Math.max(PLENTY, 2 * hard));
  // A colon leaves the hard limit what it is, which its user can lower and never raise again.
  const [to, end] = limit < hard ? [Math.min(hard, MOST), ":"] : [most, ""];
  return to > limit ? command("prlimit", "--pid", `${pid}`, `--nofile=${to}${end}`) : null;
}

/** What makes a token for an agent, on the hub's machine. */
export function tokenCommand(name: string): string {
  return command("tailcast", "token", "add", "--agent", quoted(name));
}

/** What starts an agent. Without a token the place for one is left open. */
export function agentCommand(hub: string, token: NewToken["token"] | null): string {
  return command(`TAILCAST_TOKEN=${token ?? "…"}`, "tailcast", "agent", "--hub", quoted(hub), "/var/log");
}

/** What looks at a log from a program. */
export function viewerCommand(hub: string, token: NewToken["token"]): string {
  return command("curl", "-H", quoted(command("Authorization:", "Bearer", token)), quoted(`${hub}/api/v1/hosts`));
}

/** What pushes lines. */
export function pushCommand(hub: string, token: NewToken["token"]): string {
  return command("make 2>&1 |", `TAILCAST_TOKEN=${token}`, "tailcast", "push", "ci:build-1", "--hub", quoted(hub));
}

/** The hub's address without a slash at its end, as commands take it. */
export function hubUrl(base: string): string {
  const { origin, pathname } = new URL(base);
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}

/** Whether an address is of this machine alone, so that an agent elsewhere cannot use it. */
export function isHere(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

/** Patterns of host names out of what was typed: with spaces or commas between them, as they come. */
export function patterns(typed: string): string[] {
  return [...new Set(typed.split(/[\s,]+/).filter((each) => each !== ""))];
}
