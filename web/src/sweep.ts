// Selecting with the pointer: a sweep over rows, and a click with shift held. It turns what the pointer does over the box into a selection
// of whole lines (`selection.ts`); within one row the browser selects letters, as everywhere.
// A row counts as soon as the pointer has left the one it began in. Beyond the edge of the box it scrolls, further out faster.

import type { Selection } from "./selection";
import type { LineRow } from "./stream";

/** Pixels scrolled in a frame for each pixel beyond the edge. */
const PACE = 0.25;
/** What does something of its own when it is pressed. */
const CONTROLS = ":is(a,button,input,select,textarea,summary,label)";

export interface SweepEvents {
  rowAt(clientY: number): LineRow | null;
  by(pixels: number): void;
  /** Something is selected: what is pointed at must not run away. */
  begins(): void;
  selection(): Selection | null;
  select(selection: Selection | null): void;
}

export class Sweep {
  #from: LineRow | null = null;
  #pressed = false;
  #sweeps = false;
  #y = 0;
  #frame = 0;
  #ends = new AbortController();

  constructor(
    private readonly box: HTMLElement,
    private readonly tell: SweepEvents,
  ) {
    const { signal } = this.#ends;
    box.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    window.addEventListener("pointermove", (event) => this.#moved(event), { signal });
    for (const over of ["pointerup", "pointercancel", "blur"]) window.addEventListener(over, () => this.#up(), { signal });
    document.addEventListener("selectionchange", () => this.#lettersSelected(), { signal });
  }

  end(): void {
    this.#up();
    this.#ends.abort();
  }

  /** A finger scrolls; only a mouse or a pen sweeps. */
  #down(event: PointerEvent): void {
    if (event.button !== 0 || event.pointerType === "touch") return;
    if (!(event.target instanceof Element) || event.target.closest(CONTROLS)) return;
    const row = this.tell.rowAt(event.clientY);
    const there = this.tell.selection();
    if (event.shiftKey && row) {
      const anchor = there?.anchor ?? this.#from ?? row;
      this.tell.begins();
      this.tell.select({ anchor, focus: row });
      this.#from = anchor;
      this.#start();
      return;
    }
    if (there) this.tell.select(null);
    this.#from = row;
    this.#y = event.clientY;
    this.#pressed = true;
  }

  #moved(event: PointerEvent): void {
    if (!this.#pressed && !this.#sweeps) return;
    if ((event.buttons & 1) === 0) return this.#up();
    this.#y = event.clientY;
    if (this.#sweeps) return this.#extend();
    const row = this.tell.rowAt(event.clientY);
    if (!this.#from || !row || row.id === this.#from.id) return;
    this.tell.begins();
    this.#start();
    this.#extend();
  }

  #start(): void {
    this.#sweeps = true;
    getSelection()?.removeAllRanges();
    this.box.classList.add("sweeping");
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#scrolls());
  }

  #extend(): void {
    const { top, bottom } = this.box.getBoundingClientRect();
    const focus = this.tell.rowAt(Math.max(top, Math.min(bottom - 1, this.#y)));
    const there = this.tell.selection();
    if (!this.#from || !focus || there?.focus.id === focus.id) return;
    this.tell.select({ anchor: this.#from, focus });
  }

  #scrolls(): void {
    const { top, bottom } = this.box.getBoundingClientRect();
    const beyond = this.#y < top ? this.#y - top : Math.max(0, this.#y - bottom);
    if (beyond !== 0) {
      this.tell.by(Math.sign(beyond) * Math.ceil(Math.abs(beyond) * PACE));
      this.#extend();
    }
    this.#frame = requestAnimationFrame(() => this.#scrolls());
  }

  #up(): void {
    this.#pressed = false;
    this.#sweeps = false;
    this.box.classList.remove("sweeping");
    cancelAnimationFrame(this.#frame);
  }

  /** Letters of a row are selected: they stay where they are until they are copied. */
  #lettersSelected(): void {
    const letters = getSelection();
    if (letters && !letters.isCollapsed && letters.anchorNode && this.box.contains(letters.anchorNode)) this.tell.begins();
  }
}
