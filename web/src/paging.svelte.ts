// Reading a view's logs page by page: puts pages of history (`history.ts`) into the window (`stream.ts`), at its ends, in its gaps, or in
// a new one elsewhere. It stands between the two, and tells its view (`viewer.svelte.ts`) from where on live lines are wanted.
//
// Three ways in: at the live end, at a line (a link), at the first byte. Each ends with a window whose both ends can be gone on from.
// One question is on its way at a time; one that is overtaken by another way in is given up and its answer not looked at.
// A log whose host is away is left out of an answer and told of, and asked again once the connection says that it is there.

import { Absentees, mayCome } from "./absentees.svelte";
import type { Filter } from "./address";
import { Refused, type Spot } from "./api";
import { Ends, lookOf, type Look } from "./ends.svelte";
import { fillGap } from "./gap";
import { atLeastOne, History, type Missed, type Parts } from "./history";
import { m } from "./language";
import { LAST } from "./liveurl";
import { mergeAbove, mergeBelow, topOf, upTo } from "./merge";
import { asTyped, Search, type Stretch } from "./search";
import type { LinesPage, LogName, Position } from "./shapes";
import { Stream, type LineOf, type Row } from "./stream";
import type { LogAt, Subscription } from "./transport";

/** Lines per page of history: some screens, a few milliseconds to fetch. */
const PAGE = 500;
/** Context below a line that a link points to. */
const CONTEXT = 100;
/** After so long without an answer the live end is listened to, which says what is the matter, in milliseconds. */
const SLOW_MS = 1000;

/** What is being read, so that one question at a time is on its way. */
export type Reading = "nothing" | "opening" | "above" | "below" | "gap" | "finding";

/** What a view does for its pages. */
export interface Paged {
  /** There is another window, and all that was published is of the past. */
  begins(): void;
  /** There is something to publish. */
  changed(): void;
  /** Live lines are wanted from here on. */
  live(subscription: Subscription): void;
}

export class Paging {
  /** What went wrong last, in words. */
  problem = $state<string | null>(null);
  readonly ends = new Ends();
  readonly absentees = new Absentees();
  /** The first line at or behind the one that was to be opened at, which a filter may leave out. */
  nearest = $state.raw<LineOf | null>(null);
  /** What could not be opened is asked for again by itself. */
  awaited = $state(false);
  /** The time or byte that was gone to last lies beyond the end: what is read there are the last lines. */
  pastEnd = false;

  #history = new History();
  #stream = new Stream([]);
  #search = new Search();
  #abort = new AbortController();
  #reading: Reading = "nothing";
  /** Resolves when what is being read has been. */
  #read: Promise<void> = Promise.resolve();
  #answers = 0;
  /** The problem is that nobody was there to answer a question for more lines. */
  #unheard = false;
  /** There is a connection for these logs, or one is to come: lines that the window does not take are counted. */
  #counts = false;
  /** The line that could not be opened at. */
  #unopened: { log: LogName; at: Position } | null = null;

  constructor(private readonly view: Paged) {}

  get stream(): Stream {
    return this.#stream;
  }

  get history(): History {
    return this.#history;
  }

  get logs(): readonly LogName[] {
    return this.#history.logs;
  }

  get reading(): Reading {
    return this.#reading;
  }

  /** Questions that have ended. */
  get answers(): number {
    return this.#answers;
  }

  /** Where each log goes on below the window. */
  get positions(): LogAt[] {
    return this.logs.map((log) => ({ log, from: this.#stream.next(log) }));
  }

  /** Whether there is more above the window. */
  get upward(): "unknown" | "more" | "nothing" {
    if (this.#atBeginning()) return "nothing";
    return this.logs.some((log) => this.#stream.top(log).kind === "before") ? "more" : "unknown";
  }

  /** A new window, at a line of one log or at the live end of all. */
  async open(logs: readonly LogName[], filter: Filter, at: Position | null, log: LogName): Promise<void> {
    this.#begin(logs, filter);
    if (at === null) await this.toEnd();
    else await this.#reads("opening", () => this.#openAt(at, log));
  }

  /** To the live end, with the last lines. */
  async toEnd(): Promise<void> {
    this.#begin();
    const [only, ...others] = this.logs;
    // One log opens with one question; several have to be put in order first.
    if (only !== undefined && others.length === 0) this.#goLive([{ log: only, from: null }]);
    else await this.#reads("opening", () => this.#openEnd());
  }

  /** To the first byte of the file that is there now; files before it are above. */
  toStart(): Promise<boolean> {
    return this.#jump(() => this.#history.parts(() => ({ offset: 0, limit: PAGE })));
  }

  /** To the line of a log in which a byte lies; the other logs are shown around the same time. */
  toOffset(log: LogName, offset: number): Promise<boolean> {
    return this.#jump(async () => {
      const parts = await this.#around(log, { offset, limit: PAGE });
      this.#judge(parts.pages.slice(0, 1));
      return parts;
    });
  }

  /** To the first lines that are not earlier than a time (RFC 3339). */
  toTime(time: string): Promise<boolean> {
    return this.#jump(async () => {
      const parts = await this.#history.parts(() => ({ at: time, limit: PAGE }));
      this.#judge(parts.pages);
      return parts;
    });
  }

  /** To the line that starts at a position of a log. */
  toLine(log: LogName, position: Position): Promise<boolean> {
    return this.#jump(() => this.#around(log, { after: position, limit: CONTEXT }), "around");
  }

  /** Reads on upwards. */
  above(): Promise<void> {
    if (this.upward !== "more") return Promise.resolve();
    return this.#reads("above", () => this.#untilFound("above"));
  }

  /** Reads on downwards, up to where the live lines go on. */
  below(): Promise<void> {
    if (this.#stream.attached) return Promise.resolve();
    return this.#reads("below", () => this.#untilFound("below"));
  }

  /** Puts the next lines of a gap in its place. */
  fill(row: Row): Promise<void> {
    return this.#reads("gap", () => fillGap(this.#stream, row, this.#history));
  }

  /**
   * Looks for the nearest line beyond an end of the window that a pattern matches, of those that the filter lets through: as far as the
   * hub looks at once, when nothing else is being read. Null where it was stopped or overtaken. Throws what the hub has against
   * it: that is for whoever looks, and no problem of the view.
   */
  async find(where: "above" | "below", pattern: string, stop: AbortSignal): Promise<Stretch | null> {
    while (this.#reading !== "nothing") await this.#read;
    let stretch: Stretch | null = null;
    let failure: unknown = null;
    await this.#reads("finding", async () => {
      const signal = AbortSignal.any([this.#history.signal, stop]);
      try {
        stretch = await this.#search.look(where, pattern, new History(this.logs, this.#history.filter, signal), this.#stream);
      } catch (error) {
        if (!signal.aborted) failure = asTyped(error, pattern);
      }
    });
    if (failure !== null) throw failure;
    return stretch;
  }

  /** Other logs from now on: who comes joins at its live end, who goes is let go, and nothing else moves. */
  change(logs: readonly LogName[]): void {
    const before = this.logs;
    this.#history = this.#history.of(logs);
    this.absentees.keep(logs);
    for (const log of before) if (!logs.includes(log)) this.#stream.mark(log, { kind: "left", words: "", at: Date.now() });
    for (const log of logs) if (!before.includes(log)) this.#join(log);
  }

  /** A window without rows of a log stands at a point: all lines before it are above, all others below. */
  standAt(log: LogName, position: Position | null): void {
    if (position !== null) this.#stream.stand(log, { top: { kind: "before", position }, next: position });
  }

  /** The connection has heard of a log: what is missing of it is asked for again. `back`: its host was away, or the log was not there. */
  heard(log: LogName, back: boolean): void {
    if (this.#reading !== "nothing") return;
    const missed = this.absentees.due(log, back);
    if (missed) void this.#reads("opening", () => this.#comesIn(missed));
    const lost = this.#unopened;
    if (lost?.log === log && (back || this.awaited)) void this.#reads("opening", () => this.#openAt(lost.at, log));
  }

  /** A connection to the hub is there again: a question that nobody answered before may be asked anew, once for each. */
  connected(): void {
    if (!this.#unheard) return;
    this.#unheard = false;
    this.problem = null;
    this.#answers++;
    this.view.changed();
  }

  /** Gives up whatever is being asked. */
  close(): void {
    this.#abort.abort();
  }

  #join(log: LogName): void {
    this.#stream.join(log);
    this.#stream.mark(log, { kind: "joined", words: "", at: Date.now() });
  }

  #begin(logs: readonly LogName[] = this.logs, filter: Filter = this.#history.filter): void {
    this.#overtake(logs, filter);
    this.#counts = false;
    this.#stream = new Stream(logs);
    this.view.begins();
  }

  #overtake(logs: readonly LogName[] = this.logs, filter: Filter = this.#history.filter): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#history = new History(logs, filter, this.#abort.signal);
    this.#search = new Search();
    this.#reading = "nothing";
    this.absentees.forgive();
    this.#unopened = null;
    this.ends.reset();
    [this.problem, this.nearest, this.awaited, this.pastEnd] = [null, null, false, false];
  }

  /** Of a log that does not answer the connection brings the last lines, and says what is the matter until then. */
  async #openEnd(): Promise<void> {
    const { pages, missed } = await this.#history.parts(() => ({ last: LAST }), SLOW_MS);
    for (const { log, after } of pages) this.standAt(log, after);
    for (const { log } of missed) this.#stream.lag(log, "first");
    this.#stream.prepend(mergeAbove(pages));
    this.#goLive(this.positions);
  }

  async #openAt(at: Position, log: LogName): Promise<void> {
    const slow = setTimeout(() => this.#listen(), SLOW_MS);
    try {
      const parts = await this.#around(log, { after: at, limit: CONTEXT }).catch((error: unknown) => {
        // Of the filter the hub says what is wrong; else it is the position.
        throw error instanceof Refused && error.status === 400 && error.why === undefined ? new Refused(400, m.reading_bad_link) : error;
      });
      this.#succeed();
      this.#openWith(parts);
      const [line] = parts.pages[0]?.lines ?? [];
      this.nearest = line ? { log, line } : null;
    } catch (error) {
      this.#unopened = { log, at };
      this.awaited = mayCome(error);
      if (!this.#history.signal.aborted) this.#listen();
      throw error;
    } finally {
      clearTimeout(slow);
    }
    [this.#unopened, this.awaited] = [null, false];
    await this.#oneAbove();
  }

  /** Pages of one log from a spot on, and of the others around the same time; a line without one says nothing about where that is. */
  async #around(log: LogName, spot: Spot): Promise<Parts> {
    const page = await this.#history.page(log, spot);
    const time = page.lines[0]?.time;
    const then: Spot = time ? { at: time, limit: CONTEXT } : { last: 1 };
    const { pages, missed } = await this.#history.parts((each) => (each === log ? null : then), SLOW_MS);
    return { pages: [page, ...pages], missed };
  }

  /**
   * Goes elsewhere in the same logs. What is shown stays until the answer is there, and the connection goes on: new lines are counted
   * as before. Whether it came about; a jump that is overtaken by another one does not.
   */
  async #jump(question: () => Promise<Parts>, context: "below" | "around" = "below"): Promise<boolean> {
    this.#overtake();
    const { signal } = this.#abort;
    await this.#reads("opening", async () => {
      const parts = atLeastOne(await question());
      this.#succeed();
      this.#openWith(parts);
      if (context === "around" || this.pastEnd) await this.#oneAbove();
    });
    return !signal.aborted && this.problem === null;
  }

  #judge(pages: readonly LinesPage[]): void {
    this.pastEnd = pages.every(({ lines, end }) => lines.length === 0 && end);
  }

  /** Another window on the same connection. */
  #succeed(): void {
    const stream = new Stream(this.logs);
    stream.succeed(this.#stream);
    this.#stream = stream;
  }

  /** Opens in the middle: these pages, and from there in both directions. */
  #openWith({ pages, missed }: Parts): void {
    this.#stream.detach();
    for (const page of pages) this.#stream.stand(page.log, { top: topOf(page) });
    this.#stream.extend(mergeBelow(pages));
    for (const { log } of missed) this.#stream.lag(log, "first");
    this.absentees.owe(missed);
    this.#joinLive(pages);
    // What lies between here and the end is read when the reader comes to it.
    if (!this.#stream.attached) this.#listen();
  }

  /** The part that a window was opened without: as much of it as the window reaches down to. */
  async #comesIn({ log, spot }: Missed): Promise<void> {
    try {
      const page = await this.#history.page(log, spot);
      this.absentees.came(log);
      this.#stream.stand(log, { top: topOf(page) });
      this.#stream.extend(mergeBelow([this.#stream.attached ? page : upTo(page, this.#stream.latest)]));
    } catch (error) {
      if (this.#history.signal.aborted) throw error;
      this.absentees.stillOwe({ log, spot, why: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  /** When every log was read to its end, as far as it is there, live lines go on exactly there; of one that is not, with its last ones. */
  #joinLive(pages: LinesPage[]): void {
    if (!pages.every((page) => page.end && this.#stream.next(page.log) === page.after)) return;
    this.#stream.attach();
    this.absentees.clear();
    this.#goLive(this.positions);
  }

  /** Hears what comes at the live end, and what is the matter with a log; the lines that are there already are not sent. */
  #listen(): void {
    if (!this.#counts) this.#goLive(this.logs.map((log) => ({ log, from: null })), 0);
  }

  #goLive(logs: LogAt[], last = LAST): void {
    this.#counts = true;
    this.view.live({ logs, last, filter: this.#history.filter });
  }

  #untilFound(where: "above" | "below"): Promise<void> {
    return this.ends.untilFound(where, () => (where === "above" ? this.#oneAbove() : this.#oneBelow()), () => this.view.changed());
  }

  async #oneAbove(): Promise<Look> {
    const parts = await this.#further((log): Spot | null => {
      const top = this.#stream.top(log);
      return top.kind === "before" ? { before: top.position, limit: PAGE } : null;
    });
    const page = mergeAbove(parts);
    this.#stream.prepend(page);
    return lookOf(parts, page.lines.length > 0 || this.upward !== "more");
  }

  async #oneBelow(): Promise<Look> {
    const pages = await this.#further((log): Spot | null => (this.absentees.owes(log) ? null : { after: this.#stream.next(log) ?? "", limit: PAGE }));
    const page = mergeBelow(pages);
    this.#stream.extend(page);
    this.#joinLive(pages);
    return lookOf(pages, page.lines.length > 0 || this.#stream.attached);
  }

  /** The next pages at an end. A log that does not answer stands where it stood, and catches up with the others later. */
  async #further(spotOf: (log: LogName) => Spot | null): Promise<LinesPage[]> {
    const { pages, missed } = atLeastOne(await this.#history.parts(spotOf));
    for (const { log } of missed) this.#stream.lag(log, "next");
    this.absentees.present(pages.map(({ log }) => log));
    this.absentees.absent(missed);
    return pages;
  }

  #atBeginning(): boolean {
    return this.logs.every((log) => this.#stream.top(log).kind === "beginning");
  }

  /** Runs one question; a second one while it is on its way is not asked. */
  async #reads(what: Reading, question: () => Promise<void>): Promise<void> {
    if (this.#reading !== "nothing") return;
    this.#read = this.#asks(what, question);
    await this.#read;
  }

  async #asks(what: Reading, question: () => Promise<void>): Promise<void> {
    const { signal } = this.#abort;
    this.#reading = what;
    this.problem = null;
    this.#unheard = false;
    this.view.changed();
    try {
      await question();
    } catch (error) {
      if (!signal.aborted) this.problem = error instanceof Error ? error.message : String(error);
      this.#unheard = (what === "above" || what === "below") && mayCome(error);
    }
    if (signal.aborted) return;
    this.#reading = "nothing";
    this.#answers++;
    this.view.changed();
  }
}
