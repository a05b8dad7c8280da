// Short names for logs that are looked at together: only what tells them apart, and a colour that a log keeps. Pure.

import type { LogName } from "./shapes";
import { visible } from "./text";

export interface Tag {
  /** The end of the name, as far as it has to be told to know the logs apart. */
  words: string;
  host: string;
  /** One of six; `tokens.css` has them. It never stands alone: the words are always with it. */
  colour: number;
}

const COLOURS = 6;

/** A tag for each log; none for a log that is alone. */
export function tagsOf(logs: readonly LogName[]): ReadonlyMap<LogName, Tag> {
  if (logs.length < 2) return new Map();
  const colours = coloursOf(logs);
  const hosts = new Set(logs.map(hostOf)).size > 1;
  const words = shortest(logs);
  const tag = (log: LogName): Tag => ({
    words: visible(words(log)),
    host: hosts ? visible(hostOf(log)) : "",
    colour: colours.get(log) ?? 0,
  });
  return new Map(logs.map((log) => [log, tag(log)]));
}

export function hostOf(log: LogName): string {
  return log.slice(0, Math.max(0, log.indexOf(":")));
}

export function nameOf(log: LogName): string {
  return log.slice(log.indexOf(":") + 1);
}

/** The shortest way to name them: the host alone for one file on many hosts, else as many parts of the path as it takes. */
function shortest(logs: readonly LogName[]): (log: LogName) => string {
  const apart = (way: (log: LogName) => string): boolean => new Set(logs.map(way)).size === logs.length;
  const depth = Math.max(...logs.map((log) => partsOf(log).length));
  for (let count = 1; count <= depth; count++) {
    const end = (log: LogName): string => partsOf(log).slice(-count).join("/");
    if (apart(end)) return end;
    if (count === 1 && apart(hostOf)) return hostOf;
    const withHost = (log: LogName): string => `${hostOf(log)}:${end(log)}`;
    if (apart(withHost)) return withHost;
  }
  return (log) => log;
}

function partsOf(log: LogName): string[] {
  return nameOf(log).split("/").filter(Boolean);
}

/** By the name alone, so that a log keeps its colour when others come and go; the next free one where two would have the same. */
function coloursOf(logs: readonly LogName[]): Map<LogName, number> {
  const colours = new Map<LogName, number>();
  const taken = Array.from({ length: COLOURS }, () => 0);
  for (const log of logs.toSorted()) {
    const wanted = hash(log) % COLOURS;
    const fewest = Math.min(...taken);
    let colour = wanted;
    while ((taken[colour] ?? 0) > fewest) colour = (colour + 1) % COLOURS;
    taken[colour] = (taken[colour] ?? 0) + 1;
    colours.set(log, colour);
  }
  return colours;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
