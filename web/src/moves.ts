// A reader's moves through a view: to an end, a share of the file, a byte, a time, a line. It stands between what asks for them (keys, the
// go-to field, the scrollbar, what is found) and the two that carry them out: the viewer, which reads what is not held, and the list,
// which shows it. Whoever moves is no longer carried along by the log.

import type { ViewAddress } from "./address";
import { offsetOf, type Place } from "./fileplace";
import type { Folded } from "./folds";
import type { Goal } from "./goto";
import type { LogName, Position } from "./shapes";
import { LIVE } from "./standpoint";
import type { LineRow, Row } from "./stream";
import type { Unfolded } from "./unfolded.svelte";
import type { Viewer } from "./viewer.svelte";

/** The rows on the screen, as far as they are moved. */
export interface List {
  toEnd(): void;
  toTop(): void;
  toRow(row: LineRow): void;
  toLine(position: Position, where: "top" | "middle" | "near"): void;
  unpin(): void;
}

/** Where the reader is. */
export interface Whereabouts {
  address: ViewAddress;
  logs: readonly LogName[];
  folded: Folded;
  place: Place | null;
  /** The log whose bytes are meant. */
  lead: LogName | null;
}

/** What came of a move to a time or a byte: the line there; or it lies beyond the end, which was gone to: the last line, and the bytes of the log that leads. */
export type Landed = { at: "line"; row: LineRow } | { at: "end"; last: LineRow | null; bytes: number | null };

export class Moves {
  /** Counts the moves: what one has asked for is not shown when another has come after it. */
  #moves = 0;
  /** How many have an answer to come. */
  #asked = 0;

  constructor(
    private readonly viewer: Viewer,
    private readonly unfolded: Unfolded,
    /** None before the rows are there. */
    private readonly list: () => List | undefined,
    private readonly here: () => Whereabouts,
    /** Goes on to another address of this view. */
    private readonly go: (address: ViewAddress) => void,
    /** To one of another. */
    private readonly leave: (address: ViewAddress) => void,
  ) {}

  toEnd = async (): Promise<void> => {
    const move = ++this.#moves;
    if (!this.viewer.attached || this.viewer.problem !== null || this.#asked > 0) await this.viewer.toEnd();
    if (move === this.#moves) this.list()?.toEnd();
  };

  toStart = async (): Promise<void> => {
    this.pause();
    if (await this.#asks(() => this.viewer.upward === "nothing" || this.viewer.toStart())) this.list()?.toTop();
  };

  pause = (): void => {
    this.list()?.unpin();
  };

  /** To a byte of the log that leads. Whether that came about. */
  toOffset = async (offset: number): Promise<boolean> => {
    this.pause();
    const { lead } = this.here();
    return lead !== null && (await this.#asks(() => this.viewer.toOffset(lead, offset)));
  };

  /** Where the go-to field leads, and what came of it where that was a time or a byte. */
  async to(goal: Goal): Promise<Landed | void> {
    const { address, place } = this.here();
    switch (goal.kind) {
      case "start":
        return this.toStart();
      case "end":
        return this.toEnd();
      case "share":
        if (goal.fraction === 1) return this.toEnd();
        return this.#toShare(place ? offsetOf(place, goal.fraction) : 0);
      case "offset":
        return this.#toByte(goal.offset);
      case "time":
        return this.toTime(goal.time);
      case "link":
        return this.#toLink(address, goal.address);
    }
  }

  /** To a line of these logs without another change; whatever else a link says is gone to as it says. */
  #toLink(address: ViewAddress, link: ViewAddress): void {
    const log = link.in ?? link.logs[0] ?? null;
    const here = link.at !== null && log !== null && this.here().logs.includes(log);
    if (here) this.go({ ...address, ...LIVE, at: link.at, in: log });
    else this.leave(link);
  }

  async #toShare(offset: number): Promise<void> {
    if (!(await this.toOffset(offset))) return;
    const row = this.viewer.rows.find((each): each is LineRow => each.kind === "line");
    if (row) this.go({ ...this.here().address, ...LIVE, top: row.line.position, of: row.log });
  }

  /** To the line of the log that leads in which a byte lies: it is marked, so that nobody takes a neighbour for it. */
  async #toByte(offset: number): Promise<Landed | void> {
    const { lead } = this.here();
    if (!(await this.toOffset(offset))) return;
    const own = (row: Row): row is LineRow => row.kind === "line" && row.log === lead;
    if (this.viewer.pastEnd) return this.#atEnd(own);
    // A filter may leave that line out; then it is the next one that is shown, and none is marked.
    const row = this.viewer.rows.find(own);
    if (row && row.line.offset <= offset) this.go({ ...this.here().address, ...LIVE, at: row.line.position, in: row.log });
  }

  #atEnd(is: (row: Row) => row is LineRow): Landed {
    this.list()?.toEnd();
    const { lead } = this.here();
    return { at: "end", last: this.viewer.rows.findLast(is) ?? null, bytes: this.viewer.sizes.get(lead ?? "") ?? null };
  }

  /** Around a time at which another pane is. */
  async around(time: string): Promise<void> {
    const landed = await this.#since(time);
    if (landed?.at === "line") this.list()?.toLine(landed.row.line.position, "middle");
  }

  /** To a time: the line there is marked, and can be sent or come back to, as if a link had led to it. */
  async toTime(time: string): Promise<Landed | undefined> {
    const landed = await this.#since(time);
    if (landed?.at === "line") this.go({ ...this.here().address, ...LIVE, at: landed.row.line.position, in: landed.row.log });
    return landed;
  }

  /** To a line that was found: among the rows, or in its surroundings, read anew. */
  toFound = async (log: LogName, row: LineRow | Position): Promise<void> => {
    if (typeof row !== "string") return this.#toHeld(row);
    this.pause();
    if (!(await this.#asks(() => this.viewer.toLine(log, row)))) return;
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
  async #since(time: string): Promise<Landed | undefined> {
    this.pause();
    if (!(await this.#asks(() => this.viewer.toTime(time)))) return undefined;
    if (this.viewer.pastEnd) return this.#atEnd((row): row is LineRow => row.kind === "line" && row.line.time !== null);
    const lines = this.viewer.rows.filter((row) => row.kind === "line");
    const since = Date.parse(time);
    const row = lines.find(({ line }) => line.time !== null && Date.parse(line.time) >= since) ?? lines[0];
    return row && { at: "line", row };
  }

  /** Whether what a move has asked for is there, and is still what is wanted: the last move wins. */
  async #asks(jump: () => boolean | Promise<boolean>): Promise<boolean> {
    const move = ++this.#moves;
    this.#asked++;
    try {
      return (await jump()) && move === this.#moves;
    } finally {
      this.#asked--;
    }
  }
}
