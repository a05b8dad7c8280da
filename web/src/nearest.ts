// Names near one that leads nowhere: what an address that was typed wrong may have meant. It asks the hub a few questions, once.

import { fetchLogs } from "./api";
import { WITHIN_S } from "./latecomers";
import type { LogEntry, LogName } from "./shapes";
import { hostOf, nameOf } from "./tags";

/** Names that are offered at most. */
const MOST = 5;
/** Of a name of so many letters one may be wrong, but two always. */
const LETTERS_PER_MISTAKE = 4;
/** Logs per question. */
const LIMIT = 100;

/** Logs that can be read and whose names are near, the nearest first. */
export async function nearestTo(log: LogName, signal: AbortSignal): Promise<LogName[]> {
  const pages = await Promise.all(partsOf(nameOf(log)).map((q) => fetchLogs({ q, match: "", limit: LIMIT, next: null, within: WITHIN_S }, signal)));
  return nearest(log, pages.flatMap((page) => page.logs));
}

/** What a near name has in common with it: all of it, on another host; its directory; or the longest word of the file's name. */
export function partsOf(name: string): string[] {
  const slash = name.lastIndexOf("/") + 1;
  const words = name.slice(slash).match(/[\p{L}\p{N}]+/gu) ?? [];
  const longest = words.toSorted((a, b) => b.length - a.length)[0] ?? "";
  return [...new Set([name, name.slice(0, slash), longest])].filter((part) => part.length > 1);
}

export function nearest(log: LogName, entries: readonly LogEntry[]): LogName[] {
  const there = new Set(entries.filter(({ unreadable }) => unreadable === null).map((entry) => entry.log));
  const ranked = [...there].filter((each) => each !== log).map((each) => ({ log: each, mistakes: mistakesIn(log, each) }));
  const near = ranked.filter(({ mistakes }) => mistakes <= Math.max(2, fileOf(log).length / LETTERS_PER_MISTAKE));
  return near.toSorted((a, b) => a.mistakes - b.mistakes || (a.log < b.log ? -1 : 1)).slice(0, MOST).map((each) => each.log);
}

/** In the file's name each letter counts. The same file in another directory, or on another host, is one mistake. */
function mistakesIn(log: LogName, other: LogName): number {
  const elsewhere = nameOf(log).slice(0, -fileOf(log).length) === nameOf(other).slice(0, -fileOf(other).length) ? 0 : 1;
  return distance(fileOf(log), fileOf(other)) + elsewhere + (hostOf(log) === hostOf(other) ? 0 : 1);
}

function fileOf(log: LogName): string {
  return nameOf(log).slice(nameOf(log).lastIndexOf("/") + 1);
}

/** Letters to change, put in or leave out (Levenshtein). */
export function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const same = a[i] === b[j] ? 0 : 1;
      row.push(Math.min((above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1, (above[j] ?? 0) + same));
    }
    above = row;
  }
  return above[b.length] ?? 0;
}
