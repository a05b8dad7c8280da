// Lines that are selected as whole lines: from one to another, in the order in which they stand. Pure.
//
// Selected is what lies between two lines, whether or not they are still held or on the screen: a browser's own selection ends where its
// elements leave the document. It refuses marks as ends: what is selected can be copied, and a mark is no line of the log.

import type { LineRow, Row } from "./stream";

export interface Selection {
  /** Where it began. */
  anchor: LineRow;
  /** Its other end, which moves. */
  focus: LineRow;
}

/** Indexes of the first and the last row of a selection among those that are held; null when none of it is. */
export function spanOf({ anchor, focus }: Selection, rows: readonly Row[]): [number, number] | null {
  const [a, b] = [indexOf(anchor, rows), indexOf(focus, rows)];
  const [first, last] = [Math.min(a, b), Math.max(a, b)];
  return last < 0 || first >= rows.length ? null : [Math.max(0, first), Math.min(rows.length - 1, last)];
}

/** Its ends in the order in which they stand. */
export function endsOf({ anchor, focus }: Selection, rows: readonly Row[]): [LineRow, LineRow] {
  const [a, b] = [indexOf(anchor, rows), indexOf(focus, rows)];
  const forward = a === b ? precedes(anchor, focus) : a < b;
  return forward ? [anchor, focus] : [focus, anchor];
}

/** Its lines, when all of them are held; null when some must be read from the file again. */
export function linesOf(selection: Selection, rows: readonly Row[]): LineRow[] | null {
  const span = spanOf(selection, rows);
  if (!span) return null;
  const within = rows.slice(span[0], span[1] + 1);
  if (!isSame(within[0], endsOf(selection, rows)[0]) || !isSame(within.at(-1), endsOf(selection, rows)[1])) return null;
  if (within.some((row) => row.kind === "mark" && row.mark.kind === "gap")) return null;
  return within.filter((row) => row.kind === "line");
}

/** The other end moved by so many lines. */
export function moved(selection: Selection, by: number, rows: readonly Row[]): Selection {
  const at = indexOf(selection.focus, rows);
  const step = Math.sign(by);
  for (let i = at + by; i >= 0 && i < rows.length; i += step) {
    const row = rows[i];
    if (row?.kind === "line") return { ...selection, focus: row };
  }
  return selection;
}

/** All lines that are held. */
export function all(rows: readonly Row[]): Selection | null {
  const anchor = rows.find((row) => row.kind === "line");
  const focus = rows.findLast((row) => row.kind === "line");
  return anchor && focus ? { anchor, focus } : null;
}

/** Where a line stands among rows; -1 for one above them all, their number for one below. */
function indexOf(line: LineRow, rows: readonly Row[]): number {
  const at = rows.findIndex((row) => isSame(row, line));
  if (at >= 0) return at;
  const first = rows.find((row) => row.kind === "line" && row.log === line.log);
  return first?.kind === "line" && precedes(first, line) ? rows.length : -1;
}

/** Read again from the file, a line has another number, and is the same. */
function isSame(row: Row | undefined, line: LineRow): boolean {
  if (row?.kind !== "line") return false;
  return row.id === line.id || (row.log === line.log && row.line.position === line.line.position);
}

function precedes(a: LineRow, b: LineRow): boolean {
  return a.file === b.file ? a.line.offset <= b.line.offset : a.file < b.file;
}
