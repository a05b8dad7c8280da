// Short names for logs that are looked at together: only what tells them apart, and a colour. Pure.

import type { LogName } from "./shapes";
import { visible } from "./text";

export interface Tag {
  words: string;
  /** One of six; `tokens.css` has them. */
  colour: number;
}

const COLOURS = 6;

/** A tag for each log; none for a log that is alone. */
export function tagsOf(logs: readonly LogName[]): ReadonlyMap<LogName, Tag> {
  if (logs.length < 2) return new Map();
  const short = [lastOf, hostOf, (log: LogName) => `${hostOf(log)}:${lastOf(log)}`];
  const words = short.find((way) => new Set(logs.map(way)).size === logs.length) ?? ((log: LogName) => log);
  return new Map(logs.map((log, i) => [log, { words: visible(words(log)), colour: i % COLOURS }]));
}

export function hostOf(log: LogName): string {
  return log.slice(0, Math.max(0, log.indexOf(":")));
}

export function nameOf(log: LogName): string {
  return log.slice(log.indexOf(":") + 1);
}

function lastOf(log: LogName): string {
  return nameOf(log).split("/").findLast(Boolean) ?? "";
}
