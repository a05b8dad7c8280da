// The way of a count through the last hour as a small line, and in words. Pure.

import { duration } from "./amounts";
import { number } from "./digits";
import { m } from "./language";
import type { Point, Process } from "./procshapes";

/** A line is no cliff when a process with a thousand files opens three: it is as high as this share of the highest, at least. */
const LEAST_SHARE = 0.05;
const LEAST = 4;

/** The line in a box, oldest point at the left: `x,y x,y …`, as SVG takes it; empty where there is none. */
export function polyline(points: readonly Point[], width: number, height: number): string {
  const first = points[0];
  if (first === undefined || points.length < 2) return "";
  const counts = points.map(({ fds }) => fds);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  const room = Math.max(high - low, high * LEAST_SHARE, LEAST);
  const bottom = low - (room - (high - low)) / 2;
  const round = (value: number): number => Math.round(value * 10) / 10;
  const at = ({ ago, fds }: Point): string => `${round(width * (1 - ago / Math.max(1, first.ago)))},${round(height * (1 - (fds - bottom) / room))}`;
  return points.map(at).join(" ");
}

/** `+14.0`, with a real minus. */
export function signed(value: number): string {
  const digits = Math.abs(value) < 9.95 ? 1 : 0;
  const text = number(Math.abs(value), digits);
  return Number(value.toFixed(digits)) === 0 ? number(0) : `${value > 0 ? "+" : "−"}${text}`;
}

/** The slopes over one, ten and sixty minutes, as far as they are known. */
export function slopes({ slopes: { one, ten, sixty } }: Pick<Process, "slopes">): string {
  const known = ([[one, 1], [ten, 10], [sixty, 60]] as const).flatMap(([slope, minutes]) => (slope == null ? [] : m.procs_slope_over(signed(slope), duration(minutes * 60))));
  return known.length === 0 ? m.procs_slope_unknown : known.join(" · ");
}
