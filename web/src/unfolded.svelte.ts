// What the reader has folded open in which row. A row's component is gone as soon as the row is off the screen, and the row itself when memory
// is short, so this stands outside of both, and knows a line by where it lies in its log: read again from the file, it is open again.
// It grows with the reader's clicks only.

import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { LineRow } from "./stream";

/** Its bytes, its fields as a tree, the lines under it; of the tree also each branch, by its path. */
export type Part = "bytes" | "tree" | "lines" | `tree ${string}`;

export class Unfolded {
  #parts = new SvelteSet<string>();
  #pages = new SvelteMap<string, number>();

  has(row: LineRow, part: Part): boolean {
    return this.#parts.has(keyOf(row, part));
  }

  toggle(row: LineRow, part: Part): void {
    const key = keyOf(row, part);
    if (!this.#parts.delete(key)) this.#parts.add(key);
  }

  open(row: LineRow, part: Part): void {
    this.#parts.add(keyOf(row, part));
  }

  /** How many pages of a long text are opened besides its beginning. */
  pages(row: LineRow, part: "text" | Part = "text"): number {
    return this.#pages.get(keyOf(row, part)) ?? 0;
  }

  turn(row: LineRow, pages: number, part: "text" | Part = "text"): void {
    this.#pages.set(keyOf(row, part), pages);
  }
}

function keyOf(row: LineRow, part: string): string {
  return `${row.log} ${row.line.position} ${part}`;
}
