// Finding beyond what a view holds: the hub is asked for the nearest line that matches, above the window or below it, in all of its logs.
// It stands between the find bar's *next* and `history.ts`. The hub looks through a bounded stretch at once; where that brought nothing,
// the next question goes on from there. A log that cannot be looked through takes nothing from the others, and is told of.

import { NO_FILTER } from "./address";
import { Refused, type Spot } from "./api";
import { hubWords } from "./hubwords";
import { atLeastOne, History, scannedIn } from "./history";
import { timeOf } from "./merge";
import type { LinesPage, LogName, Position } from "./shapes";
import type { LineOf, Stream } from "./stream";

/** So long the others are looked through once one log has answered, in milliseconds: a stretch takes longer in one than in another. */
const OTHERS_MS = 10_000;

/** `tired`: there may be one further away than was looked. */
export type Found = LineOf | "none" | "tired";

/** What came of one look. */
export interface Stretch {
  hit: Found;
  /** Bytes that were looked through. */
  scanned: number;
  /** Where one is tired: the time of the lines there, where they name one. */
  reached: string | null;
  /** Logs that could not be looked through. */
  missed: readonly LogName[];
}

export class Search {
  /** How far it has come, by direction, log and pattern. */
  #reached = new Map<string, Position | null>();

  /** Throws what `history.ts` does. */
  async look(where: "above" | "below", pattern: string, { logs, filter, signal }: History, window: Stream): Promise<Stretch> {
    const wanted = new History(logs, { ...filter, grep: [...filter.grep, pattern] }, signal);
    const from = (log: LogName): Position | null => this.#reached.get(key(where, log, pattern)) ?? endOf(window, where, log);
    const { pages, missed } = atLeastOne(
      await wanted.parts((log) => {
        const position = from(log);
        return position === null ? null : spotAt(where, position);
      }, Infinity, OTHERS_MS),
    );
    const hit = nearest(pages, where) ?? (pages.some((page) => page.limited === true) ? "tired" : "none");
    const ends = new Map(pages.map((page) => [page.log, where === "above" ? page.before : page.after]));
    const stand = new Map([...missed.map(({ log }) => [log, from(log)] as const), ...ends]);
    this.#reached = new Map(hit === "tired" ? [...stand].map(([log, end]) => [key(where, log, pattern), end]) : []);
    const reached = hit === "tired" ? await timeAt(where, ends, new History(logs, NO_FILTER, signal)) : null;
    return { hit, scanned: scannedIn(pages), reached, missed: missed.map(({ log }) => log) };
  }
}

/** Case that was put before a pattern is nothing that the reader wrote: what is wrong is told of the pattern as it was typed. */
export function asTyped(error: unknown, pattern: string): unknown {
  const flag = /^\(\?-?i\)/.exec(pattern)?.[0] ?? "";
  if (!(error instanceof Refused) || error.said?.reason.pattern !== pattern) return error;
  const { reason, host } = error.said;
  const typed = { ...reason, pattern: pattern.slice(flag.length), column: reason.column === undefined ? undefined : reason.column - flag.length };
  return new Refused(error.status, hubWords(typed, host), { reason: typed, host });
}

/** How far all logs have been looked through, by the time of the line that stands there in each. */
async function timeAt(where: "above" | "below", ends: ReadonlyMap<LogName, Position | null>, history: History): Promise<string | null> {
  const { pages } = await history.parts((log) => {
    const end = ends.get(log) ?? null;
    return end === null ? null : spotAt(where, end);
  });
  const lines = pages.flatMap(({ lines: [line] }) => (line && line.time !== null ? [line] : []));
  const order = lines.toSorted((a, b) => (timeOf(a) - timeOf(b)) * (where === "above" ? -1 : 1));
  return order[0]?.time ?? null;
}

function key(where: "above" | "below", log: LogName, pattern: string): string {
  return `${where} ${log} ${pattern}`;
}

function spotAt(where: "above" | "below", position: Position): Spot {
  return where === "above" ? { before: position, limit: 1 } : { after: position, limit: 1 };
}

/** Where an end of the window lies in a log; null where nothing is beyond it. */
function endOf(window: Stream, where: "above" | "below", log: LogName): Position | null {
  if (where === "below") return window.next(log);
  const top = window.top(log);
  return top.kind === "before" ? top.position : null;
}

/** Of the lines that were found in several logs, the one that is met first. */
function nearest(pages: readonly LinesPage[], where: "above" | "below"): LineOf | null {
  const lines = pages.flatMap(({ log, lines: [line] }) => (line ? [{ log, line }] : []));
  return lines.toSorted((a, b) => (timeOf(a.line) - timeOf(b.line) || 0) * (where === "above" ? -1 : 1))[0] ?? null;
}
