// Keeps what is being read where it is, while rows come and go around it; and at the end, keeps to the end.
// It knows the box that scrolls and the list of rows in it, and nothing of logs. The browser's own scroll anchoring is
// off (`overflow-anchor: none`): it does not work in every engine, and at the very top of a box it does nothing.
//
// Two states: pinned to the end, or anchored at the first row that is visible. Every scroll sets the state, every
// change of the rows or of the layout (`settle`) restores it. Only a live end is pinned to: at the end of rows that
// were read so far, pinning would run away with each page that comes.

/** Fractions of pixels do not unpin. */
const SLACK = 2;
/** Rows are asked for this many screens before the reader gets there. */
const AHEAD = 1.5;

interface Anchor {
  row: Element;
  /** Pixels from the top of the box to the top of the row; negative where it is cut off. */
  top: number;
}

export interface ScrollEvents {
  /** Whether the last row is the newest there is. */
  live(): boolean;
  pinned(pinned: boolean): void;
  nearTop(): void;
  nearEnd(): void;
}

export class Scroll {
  #pinned = true;
  #anchor: Anchor | null = null;
  /** Where we scrolled to ourselves: the event of that says nothing about what the reader wants. */
  #own = -1;
  #observer: ResizeObserver;
  #ends = new AbortController();

  constructor(
    private readonly box: HTMLElement,
    private readonly list: HTMLElement,
    private readonly tell: ScrollEvents,
  ) {
    const { signal } = this.#ends;
    box.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true });
    // At once, before the next lines would pull the reader down again.
    box.addEventListener("wheel", ({ deltaY }) => deltaY < 0 && this.#pin(this.#short()), { signal, passive: true });
    this.#observer = new ResizeObserver(() => this.settle());
    this.#observer.observe(box);
    this.#observer.observe(list);
  }

  end(): void {
    this.#ends.abort();
    this.#observer.disconnect();
  }

  /** Just before the rows change: notes what is being read. */
  note(): void {
    this.#anchor = this.#pinned ? null : this.#firstVisible();
  }

  /** Just after they changed, or their heights: puts it back. */
  settle(): void {
    if (this.#pinned) this.#scrollTo(this.box.scrollHeight);
    else if (this.#anchor?.row.isConnected) this.#scrollTo(this.box.scrollTop + this.#topOf(this.#anchor.row) - this.#anchor.top);
    this.look();
  }

  /** Asks for rows where they run out. */
  look(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.box;
    if (scrollTop < AHEAD * clientHeight) this.tell.nearTop();
    if (scrollHeight - scrollTop - clientHeight < AHEAD * clientHeight) this.tell.nearEnd();
  }

  /** The end has become a live one: pins, if that is where the reader stands. */
  reconsider(): void {
    if (this.#atEnd() && this.tell.live()) this.#pin(true);
  }

  toEnd(): void {
    this.#pin(true);
    this.settle();
  }

  toTop(): void {
    this.unpin();
    this.#scrollTo(0);
  }

  /** Shows a row: in the middle always, or only if it cannot be seen as it is. */
  toRow(row: Element, middle: boolean): void {
    this.unpin();
    const top = this.#topOf(row);
    const room = this.box.clientHeight - row.clientHeight;
    if (!middle && top >= 0 && top <= room) return;
    this.#scrollTo(this.box.scrollTop + top - Math.max(0, room / 2));
    this.note();
  }

  unpin(): void {
    this.#pin(false);
  }

  by(pixels: number): void {
    if (pixels < 0) this.#pin(this.#short());
    this.box.scrollTop += pixels;
  }

  page(direction: 1 | -1): void {
    this.by(direction * (this.box.clientHeight - 40));
  }

  #scrollTo(top: number): void {
    this.box.scrollTop = top;
    this.#own = this.box.scrollTop;
  }

  #scrolled(): void {
    if (this.box.scrollTop !== this.#own) {
      this.#own = -1;
      this.#pin(this.#atEnd() && this.tell.live());
    }
    this.note();
    this.look();
  }

  /** An empty box has no end: its rows are still to come. */
  #atEnd(): boolean {
    if (this.list.childElementCount === 0) return this.#pinned;
    const { scrollTop, clientHeight, scrollHeight } = this.box;
    return scrollHeight - scrollTop - clientHeight < SLACK;
  }

  /** All there is fits: there is nothing to scroll away to. */
  #short(): boolean {
    return this.tell.live() && this.box.scrollHeight <= this.box.clientHeight + SLACK;
  }

  #pin(pinned: boolean): void {
    if (pinned === this.#pinned) return;
    this.#pinned = pinned;
    this.note();
    this.tell.pinned(pinned);
  }

  /** Rows are in order, so a few looks find the first that ends below the top of the box. */
  #firstVisible(): Anchor | null {
    const rows = this.list.children;
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const row = rows[middle];
      if (row && this.#topOf(row) + row.getBoundingClientRect().height <= 0) low = middle + 1;
      else high = middle;
    }
    const row = rows[low];
    return row ? { row, top: this.#topOf(row) } : null;
  }

  #topOf(row: Element): number {
    return row.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
  }
}
