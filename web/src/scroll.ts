// Keeps what is being read where it is, to the pixel, while rows come, go and change their height around it; and at the end, keeps to the end.
// It decides which rows are in the document at all: those near the screen. It knows the box that scrolls, the runway in it that is as high
// as all rows together, and the list in that, which holds a slice of them; of logs it knows nothing.
//
// Two states: pinned to the end, or anchored at the first row that is visible. The reader's scrolling sets the state; every change of
// the rows or of their heights (`place`) restores it. Only a live end is pinned to: at the end of rows that were read so far, pinning would
// run away with each page that comes. The browser's own scroll anchoring is off: it does not work in every engine, nor at the top of a box.

import { Layout, successor } from "./layout";

/** Fractions of pixels do not unpin. */
const SLACK = 2;
/** Rows are asked for this many screens before the reader gets there. */
const AHEAD = 3;
/** Rows are in the document this many screens beyond the screen: a turn of the wheel finds them there. */
const BEYOND = 1;
/** At a live end there is nothing below, and each frame of a fast log replaces what is above. */
const BEYOND_PINNED = 0.25;
/** Heights of rows that come new to the screen change which rows are on it; it settles at once, but it must not go on for ever. */
const PASSES = 4;

interface Anchor {
  id: number;
  /** Its place among the rows when it was noted. */
  index: number;
  /** Pixels from the top of the box to the top of the row; negative where it is cut off. */
  top: number;
}

/** What is in the document: rows `first` and on of all, standing at `top` in a runway of `total` pixels. */
export interface Slice<Row> {
  first: number;
  rows: readonly Row[];
  top: number;
  total: number;
  /** Where the selected rows stand in the runway. */
  band: { top: number; height: number } | null;
}

export interface Elements {
  box: HTMLElement;
  runway: HTMLElement;
  list: HTMLElement;
}

export interface ScrollEvents<Row> {
  /** Puts these rows into the document, now. */
  render(slice: Slice<Row>): void;
  /** Whether the last row is the newest there is. */
  live(): boolean;
  pinned(pinned: boolean): void;
  nearTop(): void;
  nearEnd(): void;
  /** What is on the screen: indexes of its first and last row. */
  seen(first: number, last: number): void;
}

export class Scroll<Row extends { readonly id: number }> {
  #pinned = true;
  #anchor: Anchor | null = null;
  #slice: Slice<Row> = { first: 0, rows: [], top: 0, total: 0, band: null };
  #selected: readonly [number, number] | null = null;
  #layout: Layout<Row>;
  /** Where we scrolled to ourselves: the event of that says nothing about what the reader wants. */
  #own = 0;
  #placing = false;
  /** A row was put on top, and nobody has scrolled since: who left at that row was not following, whatever is below it now. */
  #stays = false;
  #width = 0;
  #observer: ResizeObserver;
  #ends = new AbortController();

  constructor(
    private readonly at: Elements,
    guess: (row: Row) => number,
    private readonly tell: ScrollEvents<Row>,
  ) {
    this.#layout = new Layout(guess);
    const { signal } = this.#ends;
    at.box.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true });
    // At once, before the next lines would pull the reader down again.
    at.box.addEventListener("wheel", ({ deltaY }) => deltaY < 0 && this.#pin(this.#short()), { signal, passive: true });
    this.#observer = new ResizeObserver(() => this.#resized());
    for (const element of [at.box, at.runway, at.list]) this.#observer.observe(element);
  }

  end(): void {
    this.#ends.abort();
    this.#observer.disconnect();
  }

  /** Shows other rows; what is being read stays where it is. */
  show(rows: readonly Row[]): void {
    this.#adopt();
    if (this.#anchor) this.#anchor = this.#moved(this.#anchor, rows);
    this.#layout.set(rows);
    this.place();
  }

  /** Marks rows as selected, from an index to another. */
  select(span: readonly [number, number] | null): void {
    this.#selected = span;
    this.place();
  }

  /** Restores the state after a change of whatever kind. */
  place(): void {
    if (this.#placing) return;
    this.#adopt();
    this.#placing = true;
    try {
      for (let pass = 0; pass < PASSES; pass++) {
        this.#render(this.#target());
        if (!this.#measure()) break;
      }
      this.#scrollTo(this.#target());
    } finally {
      this.#placing = false;
    }
    // All that fits the screen is read from its first row, whoever was anchored where.
    if (!this.#pinned) this.#note();
    this.#look();
  }

  /** Rows are laid out another way from now on: what was measured holds no longer. */
  reflow(): void {
    this.#adopt();
    this.#layout.forget();
    // A row that was cut off may be too low now to be seen at all.
    if (this.#anchor) this.#anchor = { ...this.#anchor, top: Math.max(0, this.#anchor.top) };
    this.place();
  }

  /** Asks for rows where they run out. */
  look(): void {
    this.#look();
  }

  /** The end has become a live one: pins, if that is where the reader stands. */
  reconsider(): void {
    if (!this.#stays && this.#atEnd() && this.tell.live()) this.#pin(true);
  }

  toEnd(): void {
    this.#adopt();
    this.#stays = false;
    this.#pin(true);
    this.place();
  }

  toTop(): void {
    this.#adopt();
    this.unpin();
    this.#scrollTo(0);
    this.#note();
    this.place();
  }

  /** Shows a row: at the top, in the middle, or only if it cannot be seen as it is. False when there is no such row. */
  toRow(index: number, where: "top" | "middle" | "near"): boolean {
    const row = this.#layout.rows[index];
    if (!row) return false;
    this.#adopt();
    this.unpin();
    this.#stays = where === "top";
    const top = this.#head + this.#layout.top(index) - this.at.box.scrollTop;
    const room = this.at.box.clientHeight - this.#layout.height(index);
    const stays = where === "near" && top >= 0 && top <= room;
    if (!stays) this.#anchor = { id: row.id, index, top: where === "top" ? 0 : Math.max(0, room / 2) };
    this.place();
    return true;
  }

  unpin(): void {
    this.#pin(false);
  }

  by(pixels: number): void {
    if (pixels < 0) this.#pin(this.#short());
    this.at.box.scrollTop += pixels;
  }

  page(direction: 1 | -1): void {
    this.by(direction * (this.at.box.clientHeight - 40));
  }

  /** The rows that are on the screen, as far as the layout knows. */
  screen(): { first: number; last: number } {
    const y = this.at.box.scrollTop - this.#head;
    return { first: this.#layout.at(y), last: this.#layout.at(y + this.at.box.clientHeight - 1) };
  }

  /** The row at a place of the window. */
  rowAt(clientY: number): number {
    return this.#layout.at(clientY - this.at.runway.getBoundingClientRect().top);
  }

  /** Pixels of the box above the runway. */
  get #head(): number {
    return this.at.runway.offsetTop;
  }

  #target(): number {
    const { box } = this.at;
    if (this.#pinned) return Math.max(0, box.scrollHeight - box.clientHeight);
    const index = this.#anchor ? this.#layout.indexOf(this.#anchor.id) : -1;
    if (!this.#anchor || index < 0) return box.scrollTop;
    return this.#head + this.#layout.top(index) - this.#anchor.top;
  }

  /** Puts the rows around a place into the document, unless they are there. */
  #render(target: number): void {
    const { rows, total } = this.#layout;
    const { clientHeight } = this.at.box;
    // The runway may still be as high as it was: a pinned end is the end of what will be there.
    const y = this.#pinned ? total - clientHeight : target - this.#head;
    const beyond = (this.#pinned ? BEYOND_PINNED : BEYOND) * clientHeight;
    const [first, last] = [this.#layout.at(y - beyond), this.#layout.at(y + clientHeight + beyond)];
    const wanted = rows.slice(first, last + 1);
    const slice = { first, rows: wanted, top: this.#layout.top(first), total, band: this.#band() };
    if (same(slice, this.#slice)) return;
    this.#slice = slice;
    this.tell.render(slice);
  }

  #band(): Slice<Row>["band"] {
    if (!this.#selected) return null;
    const top = this.#layout.top(this.#selected[0]);
    return { top, height: this.#layout.top(this.#selected[1] + 1) - top };
  }

  #measure(): boolean {
    const { first, rows } = this.#slice;
    const { children } = this.at.list;
    const heights = rows.map((_, i) => children[i]?.getBoundingClientRect().height ?? 0);
    return children.length === rows.length && this.#layout.measured(first, heights);
  }

  #moved(anchor: Anchor, rows: readonly Row[]): Anchor | null {
    const before = this.#layout.rows;
    const at = before[anchor.index]?.id === anchor.id ? anchor.index : this.#layout.indexOf(anchor.id);
    const next = successor(before, at, rows);
    const row = next === null ? undefined : before[next];
    if (next === null || !row) return rows[0] ? { id: rows[0].id, index: 0, top: 0 } : null;
    return { id: row.id, index: next, top: anchor.top + this.#layout.top(next) - this.#layout.top(at) };
  }

  #note(): void {
    const y = this.at.box.scrollTop - this.#head;
    const index = this.#layout.at(y);
    const row = this.#layout.rows[index];
    this.#anchor = row ? { id: row.id, index, top: this.#layout.top(index) - y } : null;
  }

  #look(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.at.box;
    const { first, last } = this.screen();
    this.tell.seen(first, last);
    if (scrollTop < AHEAD * clientHeight) this.tell.nearTop();
    if (scrollHeight - scrollTop - clientHeight < AHEAD * clientHeight) this.tell.nearEnd();
  }

  #scrollTo(top: number): void {
    if (this.at.box.scrollTop !== top) this.at.box.scrollTop = top;
    this.#own = this.at.box.scrollTop;
  }

  #scrolled(): void {
    if (this.#adopt()) this.place();
  }

  /** Takes over where the reader, or a key, has scrolled to: its event may still be to come, and must not find it undone. */
  #adopt(): boolean {
    const { scrollTop } = this.at.box;
    if (scrollTop === this.#own) return false;
    this.#own = scrollTop;
    this.#stays = false;
    this.#pin(this.#atEnd() && this.tell.live());
    if (!this.#pinned) this.#note();
    return true;
  }

  #resized(): void {
    const { clientWidth } = this.at.box;
    if (clientWidth !== this.#width) {
      this.#width = clientWidth;
      this.#layout.forget();
    }
    this.place();
  }

  /** An empty box has no end: its rows are still to come. */
  #atEnd(): boolean {
    if (this.#layout.rows.length === 0) return this.#pinned;
    const { scrollTop, clientHeight, scrollHeight } = this.at.box;
    return scrollHeight - scrollTop - clientHeight < SLACK;
  }

  /** All there is fits: there is nothing to scroll away to. */
  #short(): boolean {
    return this.tell.live() && this.at.box.scrollHeight <= this.at.box.clientHeight + SLACK;
  }

  #pin(pinned: boolean): void {
    if (pinned === this.#pinned) return;
    this.#pinned = pinned;
    if (pinned) this.#anchor = null;
    else this.#note();
    this.tell.pinned(pinned);
  }
}

function same<Row>(a: Slice<Row>, b: Slice<Row>): boolean {
  if (a.first !== b.first || a.top !== b.top || a.total !== b.total) return false;
  if (a.band?.top !== b.band?.top || a.band?.height !== b.band?.height) return false;
  return a.rows.length === b.rows.length && a.rows.every((row, i) => row === b.rows[i]);
}
