// Short names for logs that are looked at together: only what tells them apart, and a colour that a log keeps. Pure.

import type { LogName } from "./shapes";
import { visible } from "./text";

export interface Tag {
  /** The end of the name, as far as it has to be told to know the logs apart. */
  words: string;
  host: string;
  /** The words for a narrow screen: what is long is shortened in its middle, so that they still tell the logs apart. */
  brief: string;
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
  const briefs = briefOf(logs.map(words));
  const tag = (log: LogName): Tag => ({
    words: visible(words(log)),
    host: hosts ? visible(hostOf(log)) : "",
    brief: visible(briefs.get(words(log)) ?? words(log)),
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

/** The last part of a log's name. */
export function endOf(log: LogName): string {
  return partsOf(log).at(-1) ?? nameOf(log);
}

/** Letters of a brief name; of names that are alike for longer, up to twice as many. */
const BRIEF = 10;

function briefOf(all: readonly string[]): ReadonlyMap<string, string> {
  for (let length = BRIEF; length <= 2 * BRIEF; length++) {
    // As much from the beginning as from the end, or what comes next to that.
    const heads = Array.from({ length: length - 2 }, (_, i) => i + 1).toSorted((a, b) => Math.abs(2 * a - length) - Math.abs(2 * b - length));
    for (const head of heads) {
      const briefs = new Map(all.map((words) => [words, shortened(words, head, length - 1 - head)]));
      if (new Set(briefs.values()).size === new Set(all).size) return briefs;
    }
  }
  return new Map();
}

function shortened(words: string, head: number, tail: number): string {
  const letters = [...words];
  return letters.length <= head + tail + 1 ? words : [...letters.slice(0, head), "…", ...letters.slice(-tail)].join("");
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
