// Which lines that are held one pattern matches: counting them, and the nearest one. It knows rows; of who runs the pattern it knows only
// that an answer may take a moment.

import { Room, type Pattern, type Wanted } from "./patterns.svelte";
import type { LineRow, Row } from "./stream";

/** Steps of work at a stretch while somebody waits for a frame: a few milliseconds. */
const STRETCH = 500_000;
/** Lines that are asked about at a stretch. */
const LINES = 500;

export class Finder {
  constructor(readonly pattern: Pattern) {}

  /** Whether a line matches; undefined as long as that is not known. */
  matches(row: LineRow, room = new Room(0)): boolean | undefined {
    return this.pattern.any.at(wantedOf(row), room);
  }

  /** The next one from the row at `from` on, that one included, in a direction; null for none. */
  nearest(rows: readonly Row[], from: number, direction: 1 | -1): LineRow | "unknown" | null {
    const room = new Room(STRETCH);
    for (const row of onward(rows, from, direction)) {
      const matches = this.matches(row, room);
      if (matches !== false) return matches ? row : "unknown";
    }
    return null;
  }

  /** The same, when it is known; "unknown" where it will not be. `goOn`: it is still wanted. */
  async near(rows: readonly Row[], from: number, direction: 1 | -1, goOn: () => boolean): Promise<LineRow | "unknown" | null> {
    const isUnknown = (): boolean => goOn() && this.nearest(rows, from, direction) === "unknown";
    await this.look(onward(rows, from, direction), isUnknown);
    return this.nearest(rows, from, direction);
  }

  /** Looks at lines, each once; whether it came to the end of them. */
  async look(rows: Iterable<LineRow>, goOn: () => boolean): Promise<boolean> {
    let [unknown, room]: [Wanted[], Room] = [[], new Room(STRETCH)];
    for (const row of rows) {
      if (this.matches(row, room) !== undefined) continue;
      unknown.push(wantedOf(row));
      if (unknown.length < LINES) continue;
      if (!(await this.#learn(unknown, goOn))) return false;
      [unknown, room] = [[], new Room(STRETCH)];
    }
    return this.#learn(unknown, goOn);
  }

  async #learn(wanted: readonly Wanted[], goOn: () => boolean): Promise<boolean> {
    let left = wanted;
    while (left.length > 0) {
      if (!this.pattern.open || !goOn() || !(await this.pattern.any.learn(left))) return false;
      left = left.filter((each) => this.pattern.any.at(each, new Room(0)) === undefined);
    }
    return true;
  }
}

function wantedOf({ line }: LineRow): Wanted {
  return { line, text: line.text };
}

/** The lines among rows, from an index on in a direction. */
function* onward(rows: readonly Row[], from: number, direction: 1 | -1): Generator<LineRow> {
  for (let i = from; i >= 0 && i < rows.length; i += direction) {
    const row = rows[i];
    if (row?.kind === "line") yield row;
  }
}
