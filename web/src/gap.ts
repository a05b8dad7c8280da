// Reading a gap: the lines between two rows, put in the gap's place a page at a time.
// It stands between the mark on the screen and the window (`stream.ts`).

import type { History } from "./history";
import type { Line, LinesPage, Position } from "./shapes";
import { type GapMark, isAside } from "./marks";
import type { Row, Stream } from "./stream";

/** Lines of a gap that are read at once. */
const LIMIT = 1000;

/** Reads the next page of a gap into its place. What is left of it stays a gap, so a huge one is read as far as wanted. */
export async function fillGap(stream: Stream, row: Row, history: History): Promise<void> {
  if (row.kind !== "mark" || row.mark.kind !== "gap") return;
  const page = await history.page(row.log, { after: row.mark.from, limit: LIMIT });
  const { lines, rest } = withinGap(page, row.mark, stream.lineAfter(row.id));
  stream.fill(row.id, row.mark, lines, rest);
}

/**
 * What of a page lies in a gap, and what is left of it. The gap ends where its own end is, or where the row below it
 * begins, whichever is met first, and that of a file that was left with the file: the same lines must not be shown twice.
 */
export function withinGap(page: LinesPage, gap: GapMark, below: Line | null): { lines: Line[]; rest: GapMark | null } {
  const next = isAside(gap) ? page.marks?.find(({ type }) => type === "rotated")?.at : undefined;
  const stop = (position: Position | null): boolean => position === gap.to || position === below?.position || (position !== null && position === next);
  const end = page.lines.findIndex((line) => stop(line.position));
  const lines = end < 0 ? page.lines : page.lines.slice(0, end);
  const closed = end >= 0 || page.end || page.after === null || page.after === gap.from || stop(page.after);
  if (closed || page.after === null) return { lines, rest: null };
  return { lines, rest: { ...gap, from: page.after, bytes: left(gap, lines) } };
}

/** How much is left, by the offsets of the lines that were read. */
function left(gap: GapMark, lines: readonly Line[]): number | null {
  const [first, last] = [lines[0], lines.at(-1)];
  if (gap.bytes === null || !first || !last || last.offset < first.offset) return gap.bytes;
  return Math.max(0, gap.bytes - (last.offset - first.offset));
}
