// Several logs read as one: pages of each, put together in the order of time, in either direction.
// It stands between the pages that `api.ts` fetched and the window (`stream.ts`). Pure.
//
// A page of one log says nothing about what another log did before or after it. So a merged page ends where the
// first of its logs ends; lines beyond that are dropped and read again with the next page, since each log goes on
// from the last line that was kept. One log always keeps its whole page: reading gets on.
// Lines without a time go with the line before them, as the lines of a stack trace do.

import type { Line, LinesPage, LogName, Position } from "./shapes";
import type { Above, Below, LineOf, Top } from "./stream";

interface Timed extends LineOf {
  /** Milliseconds since 1970; minus infinity while the log has named no time yet. */
  time: number;
}

/** Puts pages that were read backwards together, for the window's top. */
export function mergeAbove(pages: readonly LinesPage[]): Above {
  const timed = pages.map(withTimes);
  const cutoff = Math.max(...pages.map((page, i) => (page.before === null ? -Infinity : reachesBack(timed[i]))));
  const tops = new Map<LogName, Top>();
  const kept = pages.map((page, i) => {
    const lines = (timed[i] ?? []).filter((line) => line.time >= cutoff);
    const first = lines[0];
    if (lines.length === page.lines.length) tops.set(page.log, topOf(page));
    else if (first) tops.set(page.log, { kind: "before", position: first.line.position });
    return lines;
  });
  return { lines: inOrder(kept), tops };
}

/** Puts pages that were read onwards together, for the window's bottom. */
export function mergeBelow(pages: readonly LinesPage[]): Below {
  const timed = pages.map(withTimes);
  const cutoff = Math.min(...pages.map((page, i) => (page.end ? Infinity : reachesOn(timed[i]))));
  const nexts = new Map<LogName, Position>();
  const kept = pages.map((page, i) => {
    const lines = (timed[i] ?? []).filter((line) => line.time <= cutoff);
    const next = page.lines[lines.length]?.position ?? page.after;
    if (next !== null) nexts.set(page.log, next);
    return lines;
  });
  return { lines: inOrder(kept), nexts };
}

/** A page without a last line that has no end yet: in a view that goes on live, it comes whole. */
export function wholeLines(page: LinesPage): LinesPage {
  const half = page.lines.length > 0 && page.lines.at(-1)?.position === page.after;
  return half ? { ...page, lines: page.lines.slice(0, -1) } : page;
}

/** As much of a page as there is up to a time; the rest is read again. */
export function upTo(page: LinesPage, time: number): LinesPage {
  const end = withTimes(page).findIndex((line) => line.time > time);
  return end < 0 ? page : { ...page, lines: page.lines.slice(0, end), after: page.lines[end]?.position ?? page.after, end: false };
}

/** What lies above a page. */
export function topOf(page: LinesPage): Top {
  return page.before === null ? { kind: "beginning" } : { kind: "before", position: page.before };
}

/**
 * Times that never run backwards within a log, so that what is kept of a page is one stretch of it.
 * Lines before the first that names a time take that one: better a little late than at the beginning of all.
 */
function withTimes(page: LinesPage): Timed[] {
  let time = page.lines.map(timeOf).find((each) => each > -Infinity) ?? -Infinity;
  return page.lines.map((line) => {
    time = Math.max(time, timeOf(line));
    return { log: page.log, line, time };
  });
}

/** Milliseconds since 1970; minus infinity where the line names no time. */
export function timeOf(line: Line): number {
  const time = line.time === null ? Number.NaN : Date.parse(line.time);
  return Number.isNaN(time) ? -Infinity : time;
}

/** Back to this time a page tells everything. One without lines (a filter found none) tells nothing yet. */
function reachesBack(lines: readonly Timed[] | undefined): number {
  return lines?.[0]?.time ?? Infinity;
}

/** Up to this time a page tells everything. A log that names no times holds nobody up. */
function reachesOn(lines: readonly Timed[] | undefined): number {
  const last = lines?.at(-1);
  if (!last) return -Infinity;
  return last.time === -Infinity ? Infinity : last.time;
}

/** Takes the earliest head again and again: within a log the order of the file holds, whatever its times say. */
function inOrder(logs: Timed[][]): LineOf[] {
  const lines: LineOf[] = [];
  const heads = logs.map(() => 0);
  for (;;) {
    let pick = -1;
    let least = Infinity;
    for (const [i, log] of logs.entries()) {
      const head = log[heads[i] ?? 0];
      if (head && (pick < 0 || head.time < least)) [pick, least] = [i, head.time];
    }
    const line = logs[pick]?.[heads[pick] ?? 0];
    if (!line) return lines;
    heads[pick] = (heads[pick] ?? 0) + 1;
    lines.push({ log: line.log, line: line.line });
  }
}
