// The time of a line in words: by a clock of one's choice, or how long ago. Pure, but for the language and the browser's zone.
//
// The hub tells when a line was written in UTC; how the line itself spells that is found in its text again.

import { duration } from "./amounts";
import { m } from "./language";
import type { Line } from "./shapes";
import type { Zone } from "./options";
import { TERMINAL } from "./text";

/** Characters in which the time of a line is looked for, and as many as one is long. */
const HEAD = 400;

/** How times are written: ISO 8601 and near it, syslog, access logs, klog, seconds or less since 1970 as the value of a field. */
const WRITTEN = [
  /\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?/,
  /\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?/,
  /(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4})?/,
  /(?<=\b[IWEF])\d{4} \d\d:\d\d:\d\d\.\d+/,
  /(?<="(?:@?t|ts|time|@?timestamp)"\s*:\s*)\d{9,19}(?:\.\d+)?/,
  /\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/,
];

/** Date and time of day; no date where the line writes both as one. */
export interface Told {
  date: string;
  time: string;
}

export function told(line: Line, zone: Zone): Told | null {
  if (line.time === null) return null;
  const at = new Date(line.time);
  if (Number.isNaN(at.getTime())) return null;
  if (zone === "written") return { date: "", time: written(line.text) ?? utc(at).join(" ") };
  const [date, time] = zone === "utc" ? utc(at) : utc(new Date(at.getTime() - at.getTimezoneOffset() * 60_000), "");
  return { date, time };
}

function utc(at: Date, mark = "Z"): [string, string] {
  const [date = "", time = ""] = at.toISOString().split("T");
  return [date, time.replace("Z", mark)];
}

/** The first time in a line's head, as it stands there. */
function written(text: string): string | null {
  const head = text.slice(0, HEAD).replace(TERMINAL, "");
  const first = WRITTEN.map((form) => form.exec(head)).filter((match) => match !== null).toSorted((a, b) => a.index - b.index)[0];
  return first?.[0] ?? null;
}

/** "3 s ago"; of a clock that is ahead, "in 3 s". */
export function ago(line: Line, now: number): string | null {
  if (line.time === null) return null;
  const seconds = Math.round((now - Date.parse(line.time)) / 1000);
  if (Number.isNaN(seconds)) return null;
  return seconds < 0 ? m.time_ahead(duration(-seconds)) : m.time_ago(duration(seconds));
}
