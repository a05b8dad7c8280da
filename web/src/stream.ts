// A window onto one or more logs: the rows that are shown, bounded, with what is needed to go on at both of its ends.
// It stands between the connection (`live.ts`), the pages of history (`api.ts`) and the rows on the screen.
//
// Its law: the rows of one log are contiguous. What is missing between two of them is a row too (a gap), and what was
// trimmed at an end can be read again from that end's position. So it drops rows freely and loses nothing.
// It refuses: the DOM, the network, the clock.

import { type GapMark, goesOn, isAside, isSaid, type Mark, restOf } from "./marks";
import { timeOf } from "./merge";
import { Order } from "./order";
import type { Line, LogName, Position } from "./shapes";
import { woven } from "./weave";

interface RowOf<Kind extends string> {
  kind: Kind;
  /** Unique on the page, without meaning or order. */
  id: number;
  log: LogName;
}
export type LineRow = RowOf<"line"> & {
  line: Line;
  /** Of a live line of one of several logs: its time, or that of the line before it where it names none. */
  at?: number;
  /** It came so late that it stands below later lines: by so many milliseconds. */
  late?: number;
  /** Which file of the log it is from: 0 for the one that the window was opened in, less for older ones. Its offset counts in that. */
  file: number;
};
export type MarkRow = RowOf<"mark"> & { mark: Mark };
export type Row = LineRow | MarkRow;

/** A line and whose it is: what a page of history over several logs consists of. */
export interface LineOf {
  log: LogName;
  line: Line;
}

/** What lies above the window in one log. */
export type Top = { kind: "unknown" } | { kind: "before"; position: Position } | { kind: "beginning" };

/** What lies below it: where the next line starts, once that is known. */
interface Ends {
  top: Top;
  next: Position | null;
  /** The file that is written to now, counted as the rows' are. */
  file: number;
}

/** A stretch to be put at an end of the window, and where the window stands in each log afterwards. */
export interface Above {
  lines: LineOf[];
  tops: Map<LogName, Top>;
}
export interface Below {
  lines: LineOf[];
  nexts: Map<LogName, Position>;
}

/** Rows to hold at most. Few of them are in the document; what they cost is memory, some hundred bytes each besides their text. */
export const MAX_ROWS = 20_000;
/** Characters to hold at most: 20,000 lines of a mebibyte each would be 20 GiB. One row stays, however long it is. */
export const MAX_CHARS = 16 * 1024 * 1024;

type End = "top" | "bottom";

export class Stream {
  /** Never given out twice: a row of the next window is no row of this one. */
  static #ids = 0;

  #rows: Row[] = [];
  #ends = new Map<LogName, Ends>();
  #chars = 0;
  #waiting = 0;
  #following = true;
  #attached = true;

  /** Puts the lines of several logs in order; a single one has its own. */
  #order: Order | null = null;
  /** The last row that was there when the reader stopped following: nothing is put above it. */
  #read = -1;
  /** Logs whose first lines go where their times belong, since the others were shown without them. */
  #owed = new Set<LogName>();
  /** Part of a log was missed: what comes of it later belongs among the rows, and not at their end. */
  #lags = false;

  constructor(
    logs: readonly LogName[],
    private readonly maxRows = MAX_ROWS,
    private readonly maxChars = MAX_CHARS,
  ) {
    for (const log of logs) this.join(log);
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Lines that came since the reader left the end. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The latest time that a line of the window names, in milliseconds since 1970. */
  get latest(): number {
    return this.#rows.reduce((latest, row) => (row.kind === "line" ? Math.max(latest, timeOf(row.line)) : latest), -Infinity);
  }

  /** Whether the window's last row is the newest one that came; else the rest is read page by page. */
  get attached(): boolean {
    return this.#attached;
  }

  /** Whether the reader stands at the live end. */
  get following(): boolean {
    return this.#following;
  }

  top(log: LogName): Top {
    return this.#ends.get(log)?.top ?? { kind: "unknown" };
  }

  next(log: LogName): Position | null {
    return this.#ends.get(log)?.next ?? null;
  }

  /** Which file of a log is written to now, as `LineRow.file` counts them. */
  file(log: LogName): number {
    return this.#ends.get(log)?.file ?? 0;
  }

  /** Says where the window stands in a log, when it is opened with a page. */
  stand(log: LogName, ends: { top?: Top; next?: Position | null }): void {
    Object.assign(this.#endsOf(log), ends);
  }

  /** The reader stands at the live end: room is made at the top from now on. Without effect while detached. */
  follow(): void {
    if (!this.#attached) return;
    this.#following = true;
    this.#waiting = 0;
    this.#trim("top");
  }

  /** The reader looks at something above the end, which must not be trimmed away under their eyes. */
  hold(): void {
    if (this.#following) this.#read = this.#rows.at(-1)?.id ?? -1;
    this.#following = false;
  }

  /** One more log is looked at. */
  join(log: LogName): void {
    this.#endsOf(log);
    if (this.#ends.size > 1) this.#order ??= new Order();
  }

  /** A part of a log has not come with that of the others. `owed`: its first part. */
  lag(log: LogName, owed: "first" | "next"): void {
    this.#lags = true;
    if (owed === "first") this.#owed.add(log);
  }

  /** The window does not reach the live end: it was opened in the middle, or scrolled away from it. */
  detach(): void {
    this.#attached = false;
    this.#following = false;
  }

  /** The window's bottom is where the live lines go on: the caller continues them from `next`. */
  attach(): void {
    this.#attached = true;
    this.#waiting = 0;
  }

  /** Takes over from a window that is left: what waited there waits here. */
  succeed(before: Stream): void {
    this.#waiting = before.waiting;
  }

  /** Puts live lines below; counts them only when the window cannot take them. */
  append(log: LogName, lines: readonly Line[], next: Position): void {
    if (!this.#following) this.#waiting += lines.length;
    if (!this.#takes(lines.length)) return;
    this.#below(log, lines);
    const ends = this.#endsOf(log);
    const first = lines[0];
    if (ends.top.kind === "unknown" && first) ends.top = { kind: "before", position: first.position };
    ends.next = next;
    if (this.#following) this.#trim("top");
  }

  /** Puts a mark below. The same word again, with nothing of its log between, only renews what it says: it is so since then. */
  mark(log: LogName, mark: Mark): void {
    if (mark.kind === "rotated" || mark.kind === "truncated") this.#anotherFile(log);
    const at = this.#rows.findLastIndex((row) => row.log === log);
    const last = this.#rows[at];
    const longer = last?.kind === "mark" ? goesOn(last.mark, mark) : null;
    if (last?.kind === "mark" && longer) {
      this.#rows[at] = { ...last, mark: longer };
      this.#goOnBehind(log, mark);
      return;
    }
    if (last?.kind === "mark" && isSaid(last.mark, mark)) {
      if (last.mark.kind !== mark.kind) return;
      this.#chars += mark.words.length - last.mark.words.length;
      this.#rows[at] = { ...last, mark: { ...mark, ...(last.mark.at !== undefined && { at: last.mark.at }) } };
      return;
    }
    if (!this.#takes(1)) return;
    this.#chars += mark.words.length;
    this.#rows.push({ kind: "mark", id: this.#id(), log, mark });
    this.#goOnBehind(log, mark);
    if (this.#following) this.#trim("top");
  }

  #goOnBehind(log: LogName, mark: Mark): void {
    if (mark.kind === "gap" && !isAside(mark)) this.#endsOf(log).next = mark.to;
  }

  /** Puts a page of history above; trims at the bottom, which detaches the window from the live end. */
  prepend(page: Above): void {
    const come = this.#rowsAbove(page.lines);
    this.#rows = this.#lags ? woven(this.#rows, come, "above") : [...come, ...this.#rows];
    for (const [log, top] of page.tops) this.#endsOf(log).top = top;
    this.#trim("bottom");
  }

  /** Puts a page that was read onwards below; trims at the top. */
  extend(page: Below): void {
    const come = this.#rowsBelow(page.lines);
    this.#rows = this.#lags ? woven(this.#rows, come, "below") : [...this.#rows, ...come];
    for (const [log, next] of page.nexts) this.#endsOf(log).next = next;
    this.#trim("top");
  }

  /** Puts what was read of a gap in its place; `left` is what that left of the gap as it was `asked` for, null when it closed it. */
  fill(id: number, asked: GapMark, lines: readonly Line[], left: GapMark | null): void {
    const at = this.#rows.findIndex((row) => row.id === id);
    const gap = this.#rows[at];
    if (gap?.kind !== "mark" || gap.mark.kind !== "gap") return;
    const rest = restOf(gap.mark, asked, left);
    const rows: Row[] = this.#rowsBelow(lines.map((line) => ({ log: gap.log, line })), at);
    this.#chars -= weight(gap);
    if (rest) {
      rows.push({ kind: "mark", id: this.#id(), log: gap.log, mark: rest });
      this.#chars += rest.words.length;
    }
    this.#rows = [...this.#rows.slice(0, at), ...rows, ...this.#rows.slice(at + 1)];
    // Room is made at the end that is farther from the gap: the reader looks at the gap.
    this.#trim(at > this.#rows.length / 2 ? "top" : "bottom");
  }

  /** The log's first line among the rows from `at` on, or its last one before it. */
  #near(log: LogName, at: number, step: 1 | -1): LineRow | undefined {
    for (let i = step > 0 ? at : at - 1; i >= 0 && i < this.#rows.length; i += step) {
      const row = this.#rows[i];
      if (row?.kind === "line" && row.log === log) return row;
    }
    return undefined;
  }

  /** Where a gap's rows must stop at the latest: the position of the log's first line below it, if there is one. */
  lineAfter(id: number): Line | null {
    const at = this.#rows.findIndex((row) => row.id === id);
    const log = this.#rows[at]?.log;
    return log === undefined ? null : (this.#near(log, at + 1, 1)?.line ?? null);
  }

  /** The log goes on in another file, which also a window that is elsewhere must know: its rows are from an older one now. */
  #anotherFile(log: LogName): void {
    if (!this.#attached) this.#endsOf(log).file++;
  }

  #takes(count: number): boolean {
    const full = this.#rows.length + count > this.maxRows || this.#chars > this.maxChars;
    if (this.#attached && !this.#following && full) this.detach();
    return this.#attached;
  }

  #below(log: LogName, lines: readonly Line[]): void {
    const come = this.#rowsBelow(lines.map((line) => ({ log, line })));
    if (this.#owed.delete(log)) this.#rows = woven(this.#rows, come, "below");
    else if (!this.#order) for (const row of come) this.#rows.push(row);
    else this.#order.put(this.#rows, log, come, this.#following ? -1 : this.#read);
  }

  #endsOf(log: LogName): Ends {
    let ends = this.#ends.get(log);
    if (!ends) {
      ends = { top: { kind: "unknown" }, next: null, file: 0 };
      this.#ends.set(log, ends);
    }
    return ends;
  }

  #id(): number {
    return Stream.#ids++;
  }

  /** Rows for lines that come below row `at`: where offsets begin anew, another file does. */
  #rowsBelow(lines: readonly LineOf[], at = this.#rows.length): LineRow[] {
    const last = new Map<LogName, { file: number; offset: number }>();
    return lines.map(({ log, line }) => {
      const above = last.get(log) ?? this.#placeOf(this.#near(log, at, -1)) ?? { file: this.file(log), offset: -1 };
      const file = line.offset <= above.offset ? above.file + 1 : above.file;
      last.set(log, { file, offset: line.offset });
      const ends = this.#endsOf(log);
      ends.file = Math.max(ends.file, file);
      return this.#lineRow(log, line, file);
    });
  }

  /** Rows for lines that come above all. */
  #rowsAbove(lines: readonly LineOf[]): LineRow[] {
    const first = new Map<LogName, { file: number; offset: number }>();
    const rows = lines.toReversed().map(({ log, line }) => {
      const below = first.get(log) ?? this.#placeOf(this.#near(log, 0, 1)) ?? { file: this.file(log), offset: Infinity };
      const file = line.offset >= below.offset ? below.file - 1 : below.file;
      first.set(log, { file, offset: line.offset });
      return this.#lineRow(log, line, file);
    });
    return rows.reverse();
  }

  #placeOf(row: LineRow | undefined): { file: number; offset: number } | undefined {
    return row && { file: row.file, offset: row.line.offset };
  }

  #lineRow(log: LogName, line: Line, file: number): LineRow {
    this.#chars += line.text.length;
    return { kind: "line", id: this.#id(), log, line, file };
  }

  #trim(end: End): void {
    const drop = this.#excess(end);
    if (drop === 0) return;
    const gone = end === "top" ? this.#rows.splice(0, drop) : this.#rows.splice(-drop);
    for (const row of gone) this.#chars -= weight(row);
    if (end === "top") this.#moveTops(gone);
    else this.#moveBottoms(gone);
  }

  /** How many rows have to go at that end for both bounds to hold. */
  #excess(end: End): number {
    let rows = this.#rows.length;
    let chars = this.#chars;
    let drop = 0;
    while (rows > 1 && (rows > this.maxRows || chars > this.maxChars)) {
      const row = this.#rows[end === "top" ? drop : this.#rows.length - 1 - drop];
      if (row) chars -= weight(row);
      rows--;
      drop++;
    }
    return drop;
  }

  #moveTops(gone: readonly Row[]): void {
    for (const log of new Set(gone.map((row) => row.log))) {
      const first = this.#rows.find((row) => row.log === log && startOf(row) !== null);
      const position = first ? startOf(first) : this.next(log);
      if (position !== null) this.#endsOf(log).top = { kind: "before", position };
    }
  }

  #moveBottoms(gone: readonly Row[]): void {
    this.detach();
    for (const row of gone.toReversed()) {
      const position = startOf(row);
      if (position !== null) this.#endsOf(row.log).next = position;
    }
  }
}

/** Where a row begins in its log; null for a mark that stands for no bytes on the log's way on. */
function startOf(row: Row): Position | null {
  if (row.kind === "line") return row.line.position;
  return row.mark.kind === "gap" && !isAside(row.mark) ? row.mark.from : null;
}

function weight(row: Row): number {
  return row.kind === "line" ? row.line.text.length : row.mark.words.length;
}
