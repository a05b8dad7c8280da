// A reader's moves through a view: to an end, a share of the file, a byte, a time, a line. It stands between what asks for them (keys, the
// go-to field, the scrollbar, what is found) and the two that carry them out: the viewer, which reads what is not held, and the list,
// which shows it. Whoever moves is no longer carried along by the log.

import type { ViewAddress } from "./address";
import { offsetOf, type Place } from "./fileplace";
import type { Folded } from "./folds";
import type { Goal } from "./goto";
import type { LogName, Position } from "./shapes";
import type { LineRow } from "./stream";
import type { Unfolded } from "./unfolded.svelte";
import type { Viewer } from "./viewer.svelte";

/** The rows on the screen, as far as they are moved. */
export interface List {
  toEnd(): void;
  toTop(): void;
  toRow(row: LineRow): void;
  toLine(position: Position, where: "middle" | "near"): void;
  unpin(): void;
}

/** Where the reader is. */
export interface Whereabouts {
  address: ViewAddress;
  folded: Folded;
  place: Place | null;
  /** The log whose bytes are meant. */
  lead: LogName | null;
}

export class Moves {
  constructor(
    private readonly viewer: Viewer,
    private readonly unfolded: Unfolded,
    /** None before the rows are there. */
    private readonly list: () => List | undefined,
    private readonly here: () => Whereabouts,
    private readonly go: (address: ViewAddress) => void,
  ) {}

  toEnd = async (): Promise<void> => {
    if (!this.viewer.attached || this.viewer.problem !== null) await this.viewer.toEnd();
    this.list()?.toEnd();
  };

  toStart = async (): Promise<void> => {
    this.pause();
    if (this.viewer.upward !== "nothing") await this.viewer.toStart();
    this.list()?.toTop();
  };

  pause = (): void => {
    this.list()?.unpin();
  };

  /** To a byte of the log that leads. Whether that came about. */
  toOffset = async (offset: number): Promise<boolean> => {
    this.pause();
    const { lead } = this.here();
    return lead !== null && (await this.viewer.toOffset(lead, offset));
  };

  /** Where the go-to field leads. Gives the line that a time has led to, where it has led to one. */
  async to(goal: Goal): Promise<LineRow | void> {
    const { address, place } = this.here();
    switch (goal.kind) {
      case "start":
        return this.toStart();
      case "end":
        return this.toEnd();
      case "share":
        if (goal.fraction === 1) return this.toEnd();
        return void (await this.toOffset(place ? offsetOf(place, goal.fraction) : 0));
      case "offset":
        return this.#toByte(goal.offset);
      case "time":
        return this.toTime(goal.time);
      case "line":
        return this.go({ ...address, at: goal.position, in: null });
    }
  }

  /** To the line of the log that leads in which a byte lies: it is marked, so that nobody takes a neighbour for it. */
  async #toByte(offset: number): Promise<void> {
    const { lead } = this.here();
    if (!(await this.toOffset(offset))) return;
    // A filter may leave that line out; then it is the next one that is shown, and none is marked.
    const row = this.viewer.rows.find((each): each is LineRow => each.kind === "line" && each.log === lead);
    if (row && row.line.offset <= offset) this.go({ ...this.here().address, at: row.line.position, in: row.log });
  }

  /** Around a time at which another pane is. */
  async around(time: string): Promise<void> {
    const first = await this.#firstSince(time);
    if (first) this.list()?.toLine(first.line.position, "middle");
  }

  /** To a time: the line there is marked, and can be sent or come back to, as if a link had led to it. */
  async toTime(time: string): Promise<LineRow | undefined> {
    const first = await this.#firstSince(time);
    if (first) this.go({ ...this.here().address, at: first.line.position, in: first.log });
    return first;
  }

  /** To a line that was found: among the rows, or in its surroundings, read anew. */
  toFound = async (log: LogName, row: LineRow | Position): Promise<void> => {
    if (typeof row !== "string") return this.#toHeld(row);
    this.pause();
    if (!(await this.viewer.toLine(log, row))) return;
    // What is read anew is folded anew.
    const held = this.viewer.rows.find((each): each is LineRow => each.kind === "line" && each.log === log && each.line.position === row);
    const head = held && this.here().folded.heads.get(held.id);
    if (head) this.unfolded.open(head, "lines");
    this.list()?.toLine(row, "middle");
  };

  /** To a line that is held, and that may be folded away. */
  #toHeld(row: LineRow): void {
    const head = this.here().folded.heads.get(row.id);
    if (!head) return this.list()?.toRow(row);
    this.unfolded.open(head, "lines");
    this.list()?.toLine(row.line.position, "near");
  }

  /** Reads the lines from a time on, and gives the first of them; where times run backwards, the first that is not earlier. */
  async #firstSince(time: string): Promise<LineRow | undefined> {
    this.pause();
    if (!(await this.viewer.toTime(time))) return undefined;
    const lines = this.viewer.rows.filter((row) => row.kind === "line");
    const since = Date.parse(time);
    return lines.find((row) => row.line.time !== null && Date.parse(row.line.time) >= since) ?? lines[0];
  }
}
