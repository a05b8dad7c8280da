// Where the reader is in the whole file, as a fraction, and back: a scrollbar that stands for bytes and not for pixels, of which no
// browser lays out more than some tens of millions. Between the rows on the screen and `parts/FileBar.svelte`. Pure.
//
// With several logs the longest leads: the bar stands for that one, and the others are shown around the same time.

import type { LogName } from "./shapes";
import type { LineRow, Row } from "./stream";

/** A thumb is never smaller, so that it can be seen and caught. */
const LEAST_PX = 28;

export interface Place {
  log: LogName;
  /** Bytes of the file. */
  total: number;
  /** How much of it is on the screen. */
  visible: number;
  /** Where the first line on the screen starts. */
  offset: number;
  /** The time that line names. */
  time: string | null;
  /** It is from an older file, before this one. */
  older: boolean;
}

/** The log that the bar stands for. */
export function leading(logs: readonly LogName[], sizes: ReadonlyMap<LogName, number>): LogName | null {
  const known = logs.filter((log) => (sizes.get(log) ?? 0) > 0);
  return known.reduce<LogName | null>((most, log) => ((sizes.get(log) ?? 0) > (sizes.get(most ?? "") ?? 0) ? log : most), null);
}

/** Where the rows on the screen are; null while that is not known, as of a log that has no size. */
export function placeOf(
  rows: readonly Row[],
  [first, last]: readonly [number, number],
  log: LogName | null,
  sizes: ReadonlyMap<LogName, number>,
  isCurrent: (row: LineRow) => boolean,
): Place | null {
  const own = (row: Row | undefined): row is LineRow => row?.kind === "line" && row.log === log;
  // Of several logs this one may have nothing on the screen: then its nearest line says where that is.
  const top = rows.slice(first, last + 1).find(own) ?? rows.slice(last + 1).find(own) ?? rows.slice(0, Math.max(0, first)).findLast(own);
  if (log === null || !top) return null;
  const bottom = rows.slice(first, last + 1).findLast(own) ?? top;
  const end = bottom.line.offset + (bottom.line.cut ?? bottom.line.text.length) + 1;
  const older = !isCurrent(top);
  const total = Math.max(sizes.get(log) ?? 0, older ? 0 : top.line.offset);
  const visible = older || !isCurrent(bottom) ? 0 : Math.min(total, end - top.line.offset);
  return { log, total, visible, offset: top.line.offset, time: top.line.time, older };
}

/** How far down that is, from 0 to 1. */
export function fractionOf(place: Place): number {
  if (place.older) return 0;
  return clamp(place.offset / Math.max(1, place.total - place.visible));
}

/** The byte that a fraction stands for. */
export function offsetOf(place: Place, fraction: number): number {
  return Math.round(clamp(fraction) * Math.max(0, place.total - place.visible));
}

/** Where the thumb is drawn on a track, in pixels. */
export function thumb(place: Place, fraction: number, track: number): { top: number; height: number } {
  const share = place.total === 0 ? 1 : place.visible / place.total;
  const height = Math.min(track, Math.max(LEAST_PX, share * track));
  return { top: clamp(fraction) * (track - height), height };
}

/** The fraction that a thumb of that height says, when its upper edge is at `top`. */
export function fractionAt(top: number, height: number, track: number): number {
  return track <= height ? 0 : clamp(top / (track - height));
}

function clamp(fraction: number): number {
  return Number.isNaN(fraction) ? 0 : Math.max(0, Math.min(1, fraction));
}
