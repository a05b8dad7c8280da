// Lines folded under the one they go on with (`traces.ts`): the step after `shown.ts`. The rows of each log are walked by themselves, so that
// in a merged view nothing is folded under a line of another log; what comes later joins as it comes.
//
// It runs with every frame of a fast log: what was judged once is known again by the row, as long as what stands before it is the same.

import { isEmpty, type Filter } from "./address";
import type { LogName } from "./shapes";
import type { LineRow, Row } from "./stream";
import { judge, type Trace } from "./traces";

interface State {
  head: LineRow | null;
  trace: Trace;
}

interface Judged {
  before: State;
  joins: boolean;
  after: State;
}

export interface Folded {
  /** The rows without those that are folded away: the very same ones if there are none. */
  rows: readonly Row[];
  /** By the number of a line: the lines that go on with it, shown or not. */
  under: ReadonlyMap<number, readonly LineRow[]>;
  /** By the number of a line that is folded away: the line that it is under. */
  heads: ReadonlyMap<number, LineRow>;
  /** Numbers of the lines under which something is folded away. */
  closed: ReadonlySet<number>;
}

const NOTHING: State = { head: null, trace: "none" };

/** A pattern leaves out lines of the middle, and finds lines that must be seen; a level keeps those that belong together. */
export function isFoldable(filter: Filter): boolean {
  return isEmpty({ ...filter, level: null });
}

export function unfoldedRows(rows: readonly Row[]): Folded {
  return { rows, under: new Map(), heads: new Map(), closed: new Set() };
}

export class Folds {
  #known = new WeakMap<LineRow, Judged>();
  /** The rows that were looked at last, where nothing joined, and how each log stood behind them. */
  #last: { rows: readonly Row[]; states: Map<LogName, State> } | null = null;

  /** `isOpen`: whether the lines under one are to be seen. */
  of(rows: readonly Row[], isOpen: (head: LineRow, lines: readonly LineRow[]) => boolean): Folded {
    const under = this.#under(rows);
    if (under.size === 0) return unfoldedRows(rows);
    const heads = new Map<number, LineRow>();
    for (const [head, lines] of under) if (!isOpen(head, lines)) for (const { id } of lines) heads.set(id, head);
    const seen = heads.size === 0 ? rows : rows.filter(({ id }) => !heads.has(id));
    return { rows: seen, heads, closed: new Set([...heads.values()].map(({ id }) => id)), under: new Map([...under].map(([{ id }, lines]) => [id, lines])) };
  }

  #under(rows: readonly Row[]): Map<LineRow, LineRow[]> {
    const under = new Map<LineRow, LineRow[]>();
    const done = this.#same(rows);
    const states = done > 0 && this.#last ? this.#last.states : new Map<LogName, State>();
    for (let i = done; i < rows.length; i++) {
      const row = rows[i];
      if (!row) break;
      if (row.kind === "mark") {
        states.delete(row.log);
        continue;
      }
      const { joins, after } = this.#judged(row, states.get(row.log) ?? NOTHING);
      states.set(row.log, after);
      if (!joins || after.head === null) continue;
      const lines = under.get(after.head);
      if (lines) lines.push(row);
      else under.set(after.head, [row]);
    }
    this.#last = under.size === 0 ? { rows, states } : null;
    return under;
  }

  /** How many of the rows were looked at last time, in the same order, up to the last one then: of a log that is followed, nearly all. */
  #same(rows: readonly Row[]): number {
    const before = this.#last?.rows ?? [];
    const first = rows[0];
    const from = first ? before.indexOf(first) : -1;
    if (from < 0 || before.length - from > rows.length) return 0;
    for (let i = from; i < before.length; i++) if (before[i] !== rows[i - from]) return 0;
    return before.length - from;
  }

  #judged(row: LineRow, given: State): Judged {
    // A trace does not go on from one file into the next.
    const before = given.head !== null && given.head.file !== row.file ? NOTHING : given;
    const known = this.#known.get(row);
    if (known && known.before.head === before.head && known.before.trace === before.trace) return known;
    const { joins, trace } = judge(row.line, before.head?.line ?? null, before.trace);
    const judged = { before, joins, after: { head: joins ? before.head : row, trace } };
    this.#known.set(row, judged);
    return judged;
  }
}
