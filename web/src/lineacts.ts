// What can be done with one line of a view. It stands between the menu of a line and the view, which selects, goes to addresses and unfolds.

import { isEmpty, NO_FILTER, type ViewAddress } from "./address";
import { LIVE } from "./standpoint";
import type { LineRow, Row } from "./stream";
import type { Unfolded } from "./unfolded.svelte";

/** Neighbours above and below a line that are copied with it. */
const AROUND = 5;

export interface LineActs {
  copy: () => void;
  copyAround: () => void;
  copyLink: () => void;
  /** Null where nothing is left out around the line. */
  surroundings: (() => void) | null;
  only: (pattern: string) => void;
  without: (pattern: string) => void;
  download: () => void;
  bytes: () => void;
}

/** What can be done with lines that are selected. */
interface Selected {
  copy(): void;
  copyLink(row: LineRow): void;
  download(): unknown;
}

/** Where the line stands. */
export interface LineView {
  address: ViewAddress;
  /** All that is to be seen, what is folded away included. */
  rows: readonly Row[];
  unfolded: Unfolded;
  go(address: ViewAddress): void;
  /** Selects lines, so that what is done with a selection is done with them, and told there. */
  select(anchor: LineRow, focus?: LineRow): Selected | undefined;
}

export function lineActs(row: LineRow, { address, rows, unfolded, go, select }: LineView): LineActs {
  const { filter } = address;
  const add = (where: "grep" | "exclude", pattern: string): void =>
    go({ ...address, filter: { ...filter, [where]: [...filter[where].filter((each) => each !== pattern), pattern] } });
  return {
    copy: () => select(row)?.copy(),
    copyAround: () => {
      const near = around(row, rows);
      select(near[0] ?? row, near.at(-1))?.copy();
    },
    copyLink: () => select(row)?.copyLink(row),
    surroundings: isEmpty(filter) ? null : () => go({ ...address, ...LIVE, filter: NO_FILTER, at: row.line.position, in: row.log }),
    only: (pattern) => add("grep", pattern),
    without: (pattern) => add("exclude", pattern),
    download: () => void select(row)?.download(),
    bytes: () => unfolded.open(row, "bytes"),
  };
}

function around({ id }: LineRow, rows: readonly Row[]): LineRow[] {
  const at = rows.findIndex((row) => row.id === id);
  return rows.slice(Math.max(0, at - AROUND), at + AROUND + 1).filter((row) => row.kind === "line");
}
