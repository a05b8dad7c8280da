// Where each row stands in the column of all rows that are held, in pixels: heights as they were measured, and for rows that were never on
// the screen a guess. `scroll.ts` asks it what to show, and corrects it by what it measures.
//
// Tens of thousands of rows are summed up anew whenever something changes, which takes some ten microseconds a frame: no tree of sums is
// worth its upkeep below a million. It refuses: the DOM, and to know what a row says.

interface Known {
  readonly id: number;
}

export class Layout<Row extends Known> {
  #rows: readonly Row[] = [];
  #measured = new Map<number, number>();
  /** Where each row begins, and at last where the last one ends. */
  #tops = new Float64Array(1);

  constructor(private readonly guess: (row: Row) => number) {}

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Pixels of all rows. */
  get total(): number {
    return this.top(this.#rows.length);
  }

  set(rows: readonly Row[]): void {
    this.#rows = rows;
    // Heights of rows that have left are dropped now and then, not one by one.
    if (this.#measured.size > 2 * rows.length + 1000) this.#forgetLost();
    this.#sum();
  }

  /** Takes heights as they were measured, of the rows from `first` on. Whether any was another than thought. */
  measured(first: number, heights: readonly number[]): boolean {
    let changed = false;
    for (const [i, height] of heights.entries()) {
      const row = this.#rows[first + i];
      if (!row) break;
      changed ||= height !== this.height(first + i);
      this.#measured.set(row.id, height);
    }
    if (changed) this.#sum();
    return changed;
  }

  /** The width has changed: what was measured holds no longer. */
  forget(): void {
    this.#measured.clear();
    this.#sum();
  }

  top(index: number): number {
    return this.#tops[Math.max(0, Math.min(index, this.#rows.length))] ?? 0;
  }

  height(index: number): number {
    return this.top(index + 1) - this.top(index);
  }

  /** The row at that height, or the nearest one; 0 where there is none. */
  at(y: number): number {
    let [low, high] = [0, Math.max(0, this.#rows.length - 1)];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.top(middle + 1) <= y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  indexOf(id: number): number {
    return this.#rows.findIndex((row) => row.id === id);
  }

  #sum(): void {
    const tops = new Float64Array(this.#rows.length + 1);
    let y = 0;
    for (const [i, row] of this.#rows.entries()) {
      y += this.#measured.get(row.id) ?? this.guess(row);
      tops[i + 1] = y;
    }
    this.#tops = tops;
  }

  #forgetLost(): void {
    const held = new Map<number, number>();
    for (const { id } of this.#rows) {
      const height = this.#measured.get(id);
      if (height !== undefined) held.set(id, height);
    }
    this.#measured = held;
  }
}

/**
 * The row of `now` that stands for one of `before` after a change: itself, else the nearest above it that is still there, else below.
 * Null when all are new.
 */
export function successor<Row extends Known>(before: readonly Row[], at: number, now: readonly Row[]): number | null {
  const ids = new Map(now.map((row, i) => [row.id, i]));
  const there = (index: number): number | undefined => ids.get(before[index]?.id ?? -1);
  for (let i = at; i >= 0; i--) if (there(i) !== undefined) return i;
  for (let i = at + 1; i < before.length; i++) if (there(i) !== undefined) return i;
  return null;
}
