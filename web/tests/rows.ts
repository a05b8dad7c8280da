// Short ways to write down lines, pages and what a window shows, for the tests.

import type { Line, LinesPage } from "../src/shapes";
import type { Stream } from "../src/stream";

/** Line `n` of a log whose lines are ten bytes long and one second apart. */
export function line(n: number, extra: Partial<Line> = {}): Line {
  const time = new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
  return { position: `p${n}`, offset: n * 10, time, level: null, text: `line ${n}`, ...extra };
}

/** Lines `from` up to, not including, `to`. */
export function lines(from: number, to: number): Line[] {
  return Array.from({ length: to - from }, (_, i) => line(from + i));
}

/** A page of a log of `total` lines. */
export function page(log: string, from: number, to: number, total: number): LinesPage {
  return {
    log,
    lines: lines(from, to),
    before: from === 0 ? null : `p${from}`,
    after: `p${to}`,
    end: to === total,
  };
}

/** What the rows say, shortest: `line 3`, or `[gap]`. */
export function said(stream: Stream): string[] {
  return stream.rows.map((row) => (row.kind === "line" ? row.line.text : `[${row.mark.kind}]`));
}

export function texts(from: number, to: number): string[] {
  return lines(from, to).map((each) => each.text);
}
