// How rows are shown, as this reader likes it: kept by the browser, the same for all views, and no part of an address. Pure.

export const TIMES = ["none", "absolute", "relative"] as const;
export type TimeShown = (typeof TIMES)[number];
/** Whose clock absolute times are told by; `written`: just as the line has it. */
export const ZONES = ["browser", "utc", "written"] as const;
export type Zone = (typeof ZONES)[number];

export interface RowOptions {
  wrap: boolean;
  time: TimeShown;
  zone: Zone;
  /** Lines of JSON are shown by their message and fields, not as they are written. */
  fields: boolean;
  /** Lines of a stack trace are folded under the first one. */
  fold: boolean;
}

export const DEFAULTS: RowOptions = { wrap: true, time: "none", zone: "browser", fields: true, fold: true };

/** What was stored, as far as it makes sense. */
export function optionsOf(stored: string | null): RowOptions {
  let given: Partial<Record<keyof RowOptions, unknown>> = {};
  try {
    given = (JSON.parse(stored ?? "{}") as typeof given | null) ?? {};
  } catch {
    // Not ours, or cut short: as if nothing were stored.
  }
  const flag = (name: "wrap" | "fields" | "fold"): boolean => (typeof given[name] === "boolean" ? given[name] : DEFAULTS[name]);
  return {
    wrap: flag("wrap"),
    time: TIMES.find((each) => each === given.time) ?? DEFAULTS.time,
    zone: ZONES.find((each) => each === given.zone) ?? DEFAULTS.zone,
    fields: flag("fields"),
    fold: flag("fold"),
  };
}
