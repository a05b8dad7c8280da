// Which lines a screen reader is given to read while one follows: a few in each round, and how many more there were, since a log is faster than
// any voice. Between the rows of a view and `parts/Aloud.svelte`. Pure.

import type { Row } from "./stream";
import { beginning, TERMINAL, visible } from "./text";

/** How often it is given something, in milliseconds: about as long as it reads what it was given. */
export const ROUND_MS = 3000;
/** Lines in one round. */
export const MOST = 3;
/** Letters of a line. */
const LETTERS = 200;

export interface Round {
  lines: readonly { id: number; text: string }[];
  /** Lines that came, too. */
  more: number;
}

const SILENCE: Round = { lines: [], more: 0 };

export class Reader {
  /** The number of the last row that was looked at; null where nothing was there. */
  #last: number | null = null;

  /** Begins behind what is there: that was not asked for. */
  begin(rows: readonly Row[]): void {
    this.#last = rows.at(-1)?.id ?? null;
  }

  /**
   * What has come below since. A line that came late, and so stands above others of a merged view, is not read; nor is one twice. Where the
   * last row is gone, for so much has come, all that is there is new.
   */
  next(rows: readonly Row[]): Round {
    const at = rows.findLastIndex(({ id }) => id === this.#last);
    this.begin(rows);
    const fresh = rows.slice(at + 1).filter((row) => row.kind === "line");
    if (fresh.length === 0) return SILENCE;
    const lines = fresh.slice(0, MOST).map(({ id, line }) => ({ id, text: shortened(line.text.replace(TERMINAL, "")) }));
    return { lines, more: fresh.length - lines.length };
  }
}

function shortened(text: string): string {
  const start = beginning(text, LETTERS);
  return visible(start.length < text.length ? `${start}…` : start);
}
