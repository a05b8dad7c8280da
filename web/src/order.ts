// Live lines of several logs in the order of time, as far as that can be had without holding a line back.
// It stands between what the connection brings and the rows of the window (`stream.ts`), and is asked only where there are several logs.
//
// A line that is late by two seconds at most is put among the newest rows, where its time belongs. It never goes above a row of its own
// log or a mark (the order of a log is that of its file), nor above what the reader has before them. What cannot go where it belongs
// stands below later lines, and says how late it is. Pure, but for the times it was shown.

import { timeOf } from "./merge";
import type { Line, LogName } from "./shapes";
import type { LineRow, Row } from "./stream";

/** How late a line may be and still be put where it belongs, in milliseconds. */
export const REORDER_MS = 2000;
/** Rows above a line that are looked at to say whether it is late. */
const LOOK_BACK = 64;

export class Order {
  /** The latest time that each log has named, for its lines that name none. */
  #times = new Map<LogName, number>();

  /** Puts rows of a log that have come below `rows`, or among the last of them; none above the row with the number `floor`. */
  put(rows: Row[], log: LogName, fresh: readonly LineRow[], floor: number): void {
    const come = fresh.map((row): LineRow => ({ ...row, at: this.#timeIn(log, row.line) }));
    const newest = rows.splice(placeOf(rows, log, come[0]?.at ?? -Infinity, floor)) as LineRow[];
    let latest = Math.max(-Infinity, ...rows.slice(-LOOK_BACK).map(timeOfRow));
    const own = new Set(come);
    for (const row of inTime(newest, come)) {
      const at = timeOfRow(row);
      rows.push(own.has(row) && at > -Infinity && at < latest ? { ...row, late: latest - at } : row);
      latest = Math.max(latest, at);
    }
  }

  /** A line that names no time goes with the one before it; within a log time never runs back. */
  #timeIn(log: LogName, line: Line): number {
    const time = Math.max(this.#times.get(log) ?? -Infinity, timeOf(line));
    this.#times.set(log, time);
    return time;
  }
}

/** How many rows stay above a line of that time. */
function placeOf(rows: readonly Row[], log: LogName, time: number, floor: number): number {
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i];
    if (!row || row.kind !== "line" || row.log === log || row.id === floor || timeOfRow(row) <= time) return i + 1;
    if (timeOfRow(row) > time + REORDER_MS) return rows.length;
  }
  return 0;
}

function timeOfRow(row: Row): number {
  return row.kind === "line" ? (row.at ?? timeOf(row.line)) : -Infinity;
}

/** Two stretches of rows, each in the order of its logs, as one in the order of time. */
function inTime(there: readonly LineRow[], come: readonly LineRow[]): LineRow[] {
  const rows: LineRow[] = [];
  let next = 0;
  for (const row of there) {
    for (let each = come[next]; each && timeOfRow(each) < timeOfRow(row); each = come[next]) {
      rows.push(each);
      next++;
    }
    rows.push(row);
  }
  return [...rows, ...come.slice(next)];
}
