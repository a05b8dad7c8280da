// Lines that have come late, put among rows that are there already, by their times: the part of a log whose host was away while the others
// were shown. Between pages, or the first lines of a connection, and the rows of the window (`stream.ts`). Pure.
//
// Within a log the order is that of its file, whatever its times say: lines that come from below never stand above a line of their own
// log, nor lines from above below one.

import { timeOf } from "./merge";
import type { LogName } from "./shapes";
import type { LineRow, Row } from "./stream";

/** `come`: in order, from above or below all rows of their logs. */
export function woven(there: readonly Row[], come: readonly LineRow[], from: "above" | "below"): Row[] {
  const bounds = boundsOf(there, come, from);
  const times = timesOf(come);
  const rows: Row[] = [];
  let next = 0;
  for (const [at, row] of there.entries()) {
    const now = row.kind === "line" ? (row.at ?? timeOf(row.line)) : -Infinity;
    for (let each = come[next]; each; each = come[++next]) {
      const bound = bounds[next] ?? -1;
      const earlier = (times[next] ?? Infinity) < now;
      const due = from === "above" ? at >= bound || earlier : at > bound && earlier;
      if (!due) break;
      rows.push(each);
    }
    rows.push(row);
  }
  return [...rows, ...come.slice(next)];
}

/** Of each line the row that it must not pass: of its own log, or from above of any line behind it, which takes it along. */
function boundsOf(there: readonly Row[], come: readonly LineRow[], from: "above" | "below"): number[] {
  const own = new Map<LogName, number>();
  for (const log of new Set(come.map((row) => row.log))) {
    const isOwn = (row: Row): boolean => row.kind === "line" && row.log === log;
    const at = from === "above" ? there.findIndex(isOwn) : there.findLastIndex(isOwn);
    own.set(log, at < 0 && from === "above" ? Infinity : at);
  }
  const bounds = come.map(({ log }) => own.get(log) ?? -1);
  if (from === "below") return bounds;
  let least = Infinity;
  return bounds.map((_, i) => (least = Math.min(least, bounds.at(-1 - i) ?? Infinity))).reverse();
}

/** A line that names no time goes with the one before it, the first ones with the first that does. A log that names none goes below all. */
function timesOf(come: readonly LineRow[]): number[] {
  const last = new Map<LogName, number>();
  return come.map((row) => {
    const known = last.get(row.log) ?? firstOf(come, row.log);
    const time = Math.max(known, timeOf(row.line));
    last.set(row.log, time);
    return time;
  });
}

function firstOf(come: readonly LineRow[], log: LogName): number {
  return come.flatMap((row) => (row.log === log && timeOf(row.line) > -Infinity ? [timeOf(row.line)] : []))[0] ?? Infinity;
}
