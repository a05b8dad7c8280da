// Which rows the reader has folded open. A row's component is gone as soon as the row is off the screen, and the row itself when memory
// is short, so this stands outside of both, and knows a line by where it lies in its log: read again from the file, it is open again.
// It grows with the reader's clicks only.

import { SvelteSet } from "svelte/reactivity";
import type { Row } from "./stream";

export class Unfolded {
  #keys = new SvelteSet<string>();

  has(row: Row): boolean {
    return this.#keys.has(keyOf(row));
  }

  toggle(row: Row): void {
    const key = keyOf(row);
    if (!this.#keys.delete(key)) this.#keys.add(key);
  }
}

function keyOf(row: Row): string {
  return row.kind === "line" ? `${row.log} ${row.line.position}` : `mark ${row.id}`;
}
