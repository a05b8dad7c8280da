// Amounts in words, in the language of the page: bytes, ages, dates, counts. It reads no clock.

import { number } from "./digits";
import { language, m } from "./language";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in powers of 1000, with three digits that matter: `3.42 GB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${number(value, digits)} ${UNITS[unit]}`;
}

/** Seconds in the two largest units at most: `42 s`, `3 min`, `5 h`, `12 d`. */
export function duration(seconds: number): string {
  if (seconds < 90) return m.amounts_seconds(Math.max(0, Math.floor(seconds)));
  if (seconds < 90 * 60) return m.amounts_minutes(Math.round(seconds / 60));
  if (seconds < 36 * 3600) return m.amounts_hours(Math.round(seconds / 3600));
  return m.amounts_days(Math.round(seconds / 86400));
}

/** How long ago an RFC 3339 time was; clocks differ, so the future is now. */
export function age(time: string, now: number): string {
  const then = Date.parse(time);
  return Number.isNaN(then) ? "" : duration(Math.max(0, (now - then) / 1000));
}

/** A count with a word: `1,204 new lines`. */
export function count(n: number, one: string, many: string): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** A number where there is little room: `128K`. */
export function about(value: number): string {
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 0 }).format(value);
}

// The language does not change while the page is there.
let moments: Intl.DateTimeFormat | null = null;

/** A moment to the second, in the reader's order of day, month and year. */
export function moment(time: string): string {
  const then = Date.parse(time);
  return Number.isNaN(then) ? time : (moments ??= new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" })).format(then);
}

/** A time of the day to the second, by the 24 hours that logs have, in milliseconds since 1970. */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString(language, { timeStyle: "medium", hourCycle: "h23" });
}
