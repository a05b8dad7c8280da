// What of a window's rows is put on the screen: the one stage between what is held (`stream.ts`) and the list (`parts/Rows.svelte`).
// Whatever leaves rows out without asking the hub again, a log that is muted or lines folded under another, is a step here.
//
// It runs with every frame of a fast log over all rows that are held: a step that has nothing to do returns the very rows it got, and
// each row stays the same object, by which the list knows it again. It refuses: the DOM, and keeping anything between two calls.

import type { LogName } from "./shapes";
import type { Row } from "./stream";

/** What the reader chose not to see. */
export interface Choice {
  /** Logs of the view that are left out for a while. */
  muted: ReadonlySet<LogName>;
}

export const ALL: Choice = { muted: new Set() };

/** The rows that are to be seen, in order. */
export function shown(rows: readonly Row[], { muted }: Choice): readonly Row[] {
  return muted.size === 0 ? rows : rows.filter(({ log }) => !muted.has(log));
}
