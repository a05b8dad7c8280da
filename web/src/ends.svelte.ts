// How a filter fares beyond either end of a view's window: how much was looked through without a line that it lets through, and whether the
// reader has to say that it goes on. Between `paging.svelte.ts`, which reads the pages, and what is shown above and below the rows.

import { scannedIn } from "./history";
import type { LinesPage } from "./shapes";

/** Pages that are looked through at a stretch when a filter finds nothing; then the reader is asked. */
const EMPTY_PAGES = 20;

export type End = "above" | "below";

/** What a filter has come to beyond an end of the window. */
export interface Beyond {
  /** Bytes that were looked through since a line was found. */
  looked: number;
  /** Nothing was found for a while; the reader decides whether to look on. */
  tired: boolean;
}

const UNTRIED: Beyond = { looked: 0, tired: false };
const NOWHERE: Readonly<Record<End, Beyond>> = { above: UNTRIED, below: UNTRIED };

/** What came of one look further. */
export interface Look {
  /** Lines, or the end of all. */
  found: boolean;
  /** The hub looked through as much as it does at once. */
  limited: boolean;
  scanned: number;
}

export function lookOf(pages: readonly LinesPage[], found: boolean): Look {
  return { found, limited: pages.some((page) => page.limited === true), scanned: scannedIn(pages) };
}

export class Ends {
  beyond = $state.raw(NOWHERE);

  reset(): void {
    this.beyond = NOWHERE;
  }

  /**
   * Reads pages until one brings something, but not for ever: where the hub has looked through as much as it does at once and found
   * nothing, the reader is asked whether to go on. `changed` is told after each page.
   */
  async untilFound(where: End, page: () => Promise<Look>, changed: () => void): Promise<void> {
    this.#note(where, { tired: false });
    for (let i = 0; i < EMPTY_PAGES; i++) {
      const { found, limited, scanned } = await page();
      this.#note(where, { looked: found ? 0 : this.beyond[where].looked + scanned });
      changed();
      if (found) return;
      if (limited) break;
    }
    this.#note(where, { tired: true });
  }

  #note(where: End, came: Partial<Beyond>): void {
    this.beyond = { ...this.beyond, [where]: { ...this.beyond[where], ...came } };
  }
}
