// What one can write into the field that leads elsewhere in a log: a share of the file, a byte, a time, how long ago, a link, its two
// ends. Pure.
//
// A time of day is taken by the clock of the lines on the screen, on the day on which it is among them, else on that of the first: that is
// the one the reader has before them. Which day that is stands beside the field while one writes.
// It refuses to guess: what is none of these is null, and the field says what would be.

import { parseAddress, type ViewAddress } from "./address";
import type { LineRow, Row } from "./stream";

export type Goal =
  | { kind: "start" }
  | { kind: "end" }
  | { kind: "share"; fraction: number }
  | { kind: "offset"; offset: number }
  /** RFC 3339. */
  | { kind: "time"; time: string }
  | { kind: "link"; address: ViewAddress };

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9, t: 1e12, tb: 1e12 };

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The times (RFC 3339) of the first line on the screen that names one, and of the last. */
export type Screen = readonly [first: string, last: string];

/** Reads what was written; `now`: milliseconds since 1970. */
export function goalOf(written: string, screen: Screen | null, now: number): Goal | null {
  const text = written.trim();
  if (/^(start|top|first|begin(ning)?)$/i.test(text)) return { kind: "start" };
  if (/^(end|bottom|last|now)$/i.test(text)) return { kind: "end" };
  return share(text) ?? ago(text, now) ?? offset(text) ?? link(text) ?? time(text, screen);
}

/** The time that the reader has before them: of the first line on the screen that names one, or of the nearest one beyond it. */
export function timeNear(rows: readonly Row[], first: number): string | null {
  const timed = (row: Row): row is LineRow => row.kind === "line" && row.line.time !== null;
  const near = rows.slice(first).find(timed) ?? rows.slice(0, first).findLast(timed);
  return near?.kind === "line" ? near.line.time : null;
}

/** The same of both edges of the screen; null where no line names a time. */
export function timesOn(rows: readonly Row[], [first, last]: readonly [number, number]): Screen | null {
  const from = timeNear(rows, first);
  return from === null ? null : [from, timeNear(rows.slice(0, last + 1).toReversed(), 0) ?? from];
}

/** A time by the clock of a line, to the second, as one would write it. */
export function spelled(time: string, near: string | null): string {
  const zone = ZONE.exec(near ?? "")?.[0] ?? "Z";
  const [, sign, hours = 0, minutes = 0] = /([+-])(\d{2}):(\d{2})/.exec(zone) ?? [];
  const ahead = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return new Date(Date.parse(time) + ahead).toISOString().slice(0, 19).replace("T", " ") + zone;
}

function share(text: string): Goal | null {
  const percent = /^(\d{1,3}(?:[.,]\d+)?)\s*%$/.exec(text)?.[1];
  if (percent === undefined) return null;
  const fraction = Number(percent.replace(",", ".")) / 100;
  return fraction > 1 ? null : { kind: "share", fraction };
}

/** `-10m`, `-2 h`, `30 min ago`: `10m` alone are ten megabytes. */
function ago(text: string, now: number): Goal | null {
  const [, behind, before, unit, word] = /^(?:-\s*(\d{1,6})|(\d{1,6}))\s*(s|m|h|d)[a-z]*(\s+ago)?$/i.exec(text) ?? [];
  const seconds = SECONDS[(unit ?? "").toLowerCase()];
  if (seconds === undefined || (behind === undefined && word === undefined)) return null;
  return { kind: "time", time: new Date(now - Number(behind ?? before) * seconds * 1000).toISOString() };
}

/** `1234567`, `1,234,567`, `1.5 GB`. */
function offset(text: string): Goal | null {
  const [, digits, unit] = /^(\d[\d,_ ]*(?:\.\d+)?)\s*([kmgt]?b?)$/i.exec(text) ?? [];
  if (digits === undefined) return null;
  const factor = UNITS[(unit ?? "").toLowerCase()];
  const number = Number(digits.replace(/[,_ ]/g, ""));
  if (factor === undefined || Number.isNaN(number)) return null;
  // No file is that long, and the hub takes no larger number: it is beyond the end all the same.
  return { kind: "offset", offset: Math.min(Math.floor(number * factor), Number.MAX_SAFE_INTEGER) };
}

/** A link to a view, as the page makes them; the hub may have another name where it comes from. */
function link(text: string): Goal | null {
  const query = /^(?:https?:\/\/[^?]*\/logs|logs|)(\?.*)$/.exec(text)?.[1];
  const address = query === undefined ? null : parseAddress(new URL(`http://hub/logs${query}`), "/");
  return address?.page === "view" ? { kind: "link", address } : null;
}

const ZONE = /(Z|[+-]\d{2}:\d{2})$/i;

/** Whether a day is written that no calendar has, such as February 30: the browser would take it for one in March. */
export function isNoDay(written: string): boolean {
  const [, year, month, day] = /^\s*(\d{4})-(\d{2})-(\d{2})(?!\d)/.exec(written) ?? [];
  if (year === undefined) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day);
}

function time(text: string, screen: Screen | null): Goal | null {
  const [, day, clock, zone] = /^(?:(\d{4}-\d{2}-\d{2})[T ]?)?\s*(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?\s*(Z|[+-]\d{2}:\d{2})?$/i.exec(text) ?? [];
  if ((day === undefined && clock === undefined) || isNoDay(text)) return null;
  const zoned = (zone ?? ZONE.exec(screen?.[0] ?? "")?.[0] ?? "Z").toUpperCase();
  const times = (day === undefined ? (screen ?? []).map((each) => each.slice(0, 10)) : [day]).map((date) => Date.parse(`${date}T${padded(clock ?? "00:00")}${zoned}`));
  const [first = -Infinity, last = Infinity] = screen?.map((each) => Date.parse(each)) ?? [];
  const ms = times.find((each) => first <= each && each <= last) ?? times[0];
  return ms === undefined || Number.isNaN(ms) ? null : { kind: "time", time: new Date(ms).toISOString() };
}

/** `2:55` as `02:55:00`. */
function padded(clock: string): string {
  const [hours = "", minutes = "", seconds = "00"] = clock.replace(",", ".").split(":");
  return `${hours.padStart(2, "0")}:${minutes}:${seconds}`;
}
