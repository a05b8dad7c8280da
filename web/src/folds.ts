// Lines folded under the one they go on with (`traces.ts`): the step after `shown.ts`. The rows of each log are walked by themselves, so that
// in a merged view nothing is folded under a line of another log; what comes later joins as it comes.
//
// It runs with every frame of a fast log, of which all but the last rows stay as they were: those are judged once. (A weak map from rows to
// verdicts makes the collector of garbage stop the page for tenths of a second at 50,000 lines a second.)

import { isEmpty, type Filter } from "./address";
import type { LogName } from "./shapes";
import type { LineRow, Row } from "./stream";
import { judge, type Trace } from "./traces";

interface State {
  head: LineRow | null;
  trace: Trace;
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

/** The last rows may still change: a mark is renewed, and those of several logs are put in another order (`order.ts`). They are judged anew. */
const TAIL = { one: 16, several: 1000 } as const;

const NOTHING: State = { head: null, trace: "none" };

/** A pattern leaves out lines of the middle, and finds lines that must be seen; a level keeps those that belong together. */
export function isFoldable(filter: Filter): boolean {
  return isEmpty({ ...filter, level: null });
}

export function unfoldedRows(rows: readonly Row[]): Folded {
  return { rows, under: new Map(), heads: new Map(), closed: new Set() };
}

export class Folds {
  #rows: readonly Row[] = [];
  /** The first so many of them stay as they are but for what leaves at the top; with what is under which, and how each log stands behind them. */
  #settled = 0;
  #under = new Map<LineRow, LineRow[]>();
  #states = new Map<LogName, State>();

  /** `isOpen`: whether the lines under one are to be seen. An array of rows that it was given must not change. */
  of(rows: readonly Row[], isOpen: (head: LineRow, lines: readonly LineRow[]) => boolean): Folded {
    const under = this.#walked(rows);
    if (under.size === 0) return unfoldedRows(rows);
    const heads = new Map<number, LineRow>();
    for (const [head, lines] of under) if (!isOpen(head, lines)) for (const { id } of lines) heads.set(id, head);
    return {
      rows: heads.size === 0 ? rows : rows.filter(({ id }) => !heads.has(id)),
      under: new Map([...under].map(([{ id }, lines]) => [id, lines])),
      heads,
      closed: new Set([...heads.values()].map(({ id }) => id)),
    };
  }

  #walked(rows: readonly Row[]): Map<LineRow, readonly LineRow[]> {
    if (!this.#keep(rows)) this.#forget();
    const settled = Math.max(this.#settled, rows.length - (this.#states.size > 1 ? TAIL.several : TAIL.one));
    walk(rows, this.#settled, settled, this.#states, this.#under);
    [this.#rows, this.#settled] = [rows, settled];
    const tail = new Map<LineRow, LineRow[]>();
    walk(rows, settled, rows.length, new Map(this.#states), tail);
    const under = new Map<LineRow, readonly LineRow[]>(this.#under);
    for (const [head, lines] of tail) under.set(head, [...(under.get(head) ?? []), ...lines]);
    return under;
  }

  /** Whether the rows that were settled are still there in the same order, less some at the top. */
  #keep(rows: readonly Row[]): boolean {
    const first = rows[0];
    const from = first ? this.#rows.indexOf(first) : -1;
    if (from < 0 || from > this.#settled || this.#settled - from > rows.length) return false;
    for (let i = from; i < this.#settled; i++) if (this.#rows[i] !== rows[i - from]) return false;
    const gone = new Set(this.#rows.slice(0, from));
    for (const row of gone) if (row.kind === "line") this.#under.delete(row);
    for (const [log, { head }] of this.#states) if (head && gone.has(head)) this.#states.delete(log);
    this.#settled -= from;
    return true;
  }

  #forget(): void {
    this.#settled = 0;
    this.#under = new Map();
    this.#states = new Map();
  }
}

/** Walks over rows `from` up to `to`, each log by itself; what joins is put under its head. */
function walk(rows: readonly Row[], from: number, to: number, states: Map<LogName, State>, under: Map<LineRow, LineRow[]>): void {
  for (let i = from; i < to; i++) {
    const row = rows[i];
    if (row?.kind === "mark") states.delete(row.log);
    if (row?.kind !== "line") continue;
    const given = states.get(row.log) ?? NOTHING;
    // A trace does not go on from one file into the next.
    const { head, trace } = given.head !== null && given.head.file !== row.file ? NOTHING : given;
    const verdict = judge(row.line, head?.line ?? null, trace);
    const joined = verdict.joins ? head : null;
    states.set(row.log, { head: joined ?? row, trace: verdict.trace });
    if (joined === null) continue;
    const lines = under.get(joined);
    if (lines) lines.push(row);
    else under.set(joined, [row]);
  }
}
