// What the tab says while another one is in front: its title and its icon. Calm: they change when something has, and never blink.
// Each view on the page tells how it is; the tab tells the worst of it. One per document.

import { untrack } from "svelte";
import type { Glance } from "./attention";
import { number } from "./digits";

/** How one view is, for the tab. */
export interface Told {
  glance: Glance | null;
  /** It does not go on by itself, or shows less than there is. */
  trouble: boolean;
}

class Tab {
  #views = $state.raw<ReadonlyMap<string, Told>>(new Map());

  /** `id` is the view's; null when it is closed. */
  tell(id: string, told: Told | null): void {
    const views = new Map(untrack(() => this.#views));
    if (told) views.set(id, told);
    else views.delete(id);
    this.#views = views;
  }

  get #all(): Told[] {
    return [...this.#views.values()];
  }

  get trouble(): boolean {
    return this.#all.some(({ trouble, glance }) => (glance ? glance.failed : trouble));
  }

  get lines(): number {
    return this.#all.reduce((lines, { glance }) => lines + (glance?.lines ?? 0), 0);
  }

  /** What a page is called, with what is new in it: `(12) app.log`. */
  title(name: string): string {
    const more = this.#all.some(({ glance }) => glance?.more);
    const lines = this.lines > 0 ? `(${number(this.lines)}${more ? "+" : ""}) ` : "";
    return `${this.trouble ? "⚠ " : ""}${lines}${name}`;
  }

  get icon(): "icon" | "icon-new" | "icon-trouble" {
    if (this.trouble) return "icon-trouble";
    return this.lines > 0 ? "icon-new" : "icon";
  }
}

export const tab = new Tab();
