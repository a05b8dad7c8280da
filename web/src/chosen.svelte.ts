// The reader's options as state, one for the whole page. What they may be stands in `options.ts`.

import { optionsOf, type RowOptions } from "./options";

const KEY = "tailcast.rows";

class Chosen {
  #now = $state.raw<RowOptions>(optionsOf(localStorage.getItem(KEY)));

  get now(): RowOptions {
    return this.#now;
  }

  change(some: Partial<RowOptions>): void {
    this.#now = { ...this.#now, ...some };
    localStorage.setItem(KEY, JSON.stringify(this.#now));
  }
}

export const chosen = new Chosen();
