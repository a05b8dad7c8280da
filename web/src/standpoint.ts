// Where the reader stands in a view, as its address says it. One rule: who follows has no place in the address; else it is the line that is
// marked, as long as that is on the screen, else the line on top of the screen. A mark that is off the screen but held goes along, so that
// it is there when one comes back. Pure: `parts/LogView.svelte` asks once scrolling rests, and before anything else becomes of the address.

import type { ViewAddress } from "./address";
import type { LogName, Position } from "./shapes";
import type { LineOf, LineRow, Row } from "./stream";

/** That part of the address. */
export type Standpoint = Pick<ViewAddress, "at" | "in" | "top" | "of">;

export const LIVE: Standpoint = { at: null, in: null, top: null, of: null };

/** The line at which an address opens, and where on the screen that is to stand. */
export interface Spot {
  log: LogName | null;
  position: Position;
  where: "top" | "middle";
}

/** Null for the live end. */
export function spotOf({ at, in: log, top, of, logs }: ViewAddress): Spot | null {
  if (top !== null) return { log: of ?? logs[0] ?? null, position: top, where: "top" };
  return at === null ? null : { log: log ?? logs[0] ?? null, position: at, where: "middle" };
}

export function sameSpot(a: ViewAddress, b: ViewAddress): boolean {
  return JSON.stringify(spotOf(a)) === JSON.stringify(spotOf(b));
}

/** What the reader sees. */
export interface Sight {
  rows: readonly Row[];
  /** The first and the last row on the screen. */
  seen: readonly [number, number];
  following: boolean;
  /** Where a filter leaves out the line that was to be opened at: the one that is shown for it. */
  nearest: LineOf | null;
  has: (position: Position) => boolean;
}

/** The address of what is seen; null for what is not there yet, which changes nothing. */
export function standpoint(address: ViewAddress, sight: Sight | null): Standpoint {
  const { at, in: log, top, of } = address;
  const lines = sight?.rows.slice(sight.seen[0], sight.seen[1] + 1).filter((row): row is LineRow => row.kind === "line") ?? [];
  const [first] = lines;
  if (!sight || !first) return { at, in: log, top, of };
  const shows = (position: Position | undefined): boolean => lines.some(({ line }) => line.position === position);
  const marked = at !== null && (shows(at) || (top === null && shows(sight.nearest?.line.position)));
  if (marked) return { at, in: log, top: null, of: null };
  if (sight.following) return LIVE;
  const mark = at !== null && sight.has(at) ? { at, in: log } : { at: null, in: null };
  return { ...mark, top: first.line.position, of: first.log === address.logs[0] ? null : first.log };
}
