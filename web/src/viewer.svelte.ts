// One open view of one or more logs: joins the window (`stream.ts`), the connection (`live.ts`) and the pages of history
// (`api.ts`), and publishes what there is to see, at most once per frame. `LogView.svelte` shows it and says where the
// reader stands.
//
// Three ways in: at the live end, at a line (a link), at the first byte. Each ends with a window whose both ends can be
// gone on from. A question that is overtaken by another way in is given up and its answer not looked at.

import type { Filter, ViewAddress } from "./address";
import type { Spot } from "./api";
import { Attention, GLANCE_LINES, type Glance } from "./attention";
import type { Currency } from "./edges";
import { fillGap } from "./gap";
import { History } from "./history";
import { Live, type LiveState } from "./live";
import { mergeAbove, mergeBelow, timeOf, topOf } from "./merge";
import type { EdgeEvent, LinesPage, LiveEvent, LogName, Position } from "./shapes";
import { ways, whyRefused } from "./socket";
import { gapMark, noteMark, Stream, type LineOf, type LineRow, type Row } from "./stream";
import type { LogAt, Transport } from "./transport";
import type { Evidence } from "./ways";

/** Lines that a log is opened with. */
const LAST = 200;
/** Lines per page of history: some screens, a few milliseconds to fetch. */
const PAGE = 500;
/** Context below a line that a link points to. */
const CONTEXT = 100;
/** Pages that are looked through at a stretch when a filter finds nothing; then the reader is asked. */
const EMPTY_PAGES = 20;

/** What is being read, so that one question at a time is on its way. */
export type Reading = "nothing" | "opening" | "above" | "below" | "gap" | "finding";

/** What came of one look further. */
interface Look {
  /** Lines, or the end of all. */
  found: boolean;
  /** The hub looked through as much as it does at once. */
  limited: boolean;
  scanned: number;
}

export class Viewer {
  rows = $state.raw<readonly Row[]>([]);
  live = $state.raw<LiveState>({ kind: "stopped" });
  /** What the live lines come over. */
  transport = $state.raw<Transport>("websocket");
  /** Why it is not a better one. */
  evidence = $state.raw<Evidence | null>(null);
  currency = $state.raw<Currency>({ kind: "opening" });
  /** The same of each of several logs. */
  currencies = $state.raw<ReadonlyMap<LogName, Currency>>(new Map());
  waiting = $state(0);
  /** Whether the rows reach down to the live end. */
  attached = $state(true);
  /** Whether there is more above them; unknown before the hub has told where they stand. */
  upward = $state.raw<"unknown" | "more" | "nothing">("unknown");
  reading = $state.raw<Reading>("nothing");
  /** Grows with each question that ended: also an answer that changed no row may call for the next question. */
  answers = $state(0);
  /** What went wrong last with reading, in words. */
  problem = $state<string | null>(null);
  /** Where each log ends, in bytes of the file that is written to, by its agent's last word. */
  sizes = $state.raw<ReadonlyMap<LogName, number>>(new Map());
  /** When this was published, for what time alone changes: ages and count-downs. */
  now = $state(Date.now());
  /** What has come while nobody looked. */
  glance = $state.raw<Glance | null>(null);
  /** Whether this device has a network. */
  online = $state(navigator.onLine);
  /** Where a filter has found nothing for a while; the reader decides whether to look on. */
  tired = $state.raw<"above" | "below" | null>(null);
  /** Bytes that were looked through since a line was found. */
  looked = $state(0);

  #history = new History();
  #stream = new Stream([]);
  #live: Live;
  #abort = new AbortController();
  #frame = 0;
  #clock = 0;
  /** Wakes when the agents' last words become too old to call the view live: half a second later would be a lie. */
  #doubt: ReturnType<typeof setTimeout> | undefined;
  #attention: Attention;
  /** Lines that came since the tab was hidden, while it was still connected. */
  #unseen = 0;
  #reading: Reading = "nothing";
  #looked = 0;
  /** How far a search beyond the window has come, by direction, log and pattern. */
  #sought = new Map<string, Position | null>();
  #answers = 0;
  /** The reader stands at the end. */
  #follows = true;
  /** Stopped by the reader, and not to be started by scrolling. */
  #held = false;
  /** There is a connection for these logs, or one is to come: lines that the window does not take are counted. */
  #counts = false;
  /** Where each log ends, by its agent's last word. */
  #sizes: ReadonlyMap<LogName, number> = new Map();

  constructor() {
    this.#live = new Live({
      open: (subscription) => ways.open(subscription),
      event: (event) => this.#happened(event),
      changed: () => this.#show(),
      whyRefused,
    });
    this.#clock = window.setInterval(() => this.#show(), 500);
    this.#attention = new Attention({
      hides: () => (this.#unseen = 0),
      rest: () => this.#rest(),
      wake: () => this.#live.resume(),
      glance: () => this.#glance(),
      glanced: (glance) => (this.glance = glance),
      network: (online) => this.#network(online),
    });
  }

  /** Opens what an address names. `logs`: all of its logs, those that match a glob included. */
  async open(address: ViewAddress, logs: readonly LogName[] = address.logs): Promise<void> {
    this.#held = false;
    this.#begin(logs, address.filter);
    const { at } = address;
    if (at !== null) await this.#reads("opening", () => this.#openAt(at, address.in ?? logs[0] ?? ""));
    else await this.toEnd();
  }

  /** Looks at other logs from now on: who comes joins at its live end, who goes is let go, and nothing else moves. */
  change(logs: readonly LogName[]): void {
    const before = this.#history.logs;
    this.#history = new History(logs, this.#history.filter, this.#abort.signal);
    for (const log of before) if (!logs.includes(log)) this.#stream.mark(log, { kind: "left", words: "", at: Date.now() });
    for (const log of logs) if (!before.includes(log)) this.#join(log);
    this.#live.change(this.#positions());
    this.#show();
  }

  #join(log: LogName): void {
    this.#stream.join(log);
    this.#stream.mark(log, { kind: "joined", words: "", at: Date.now() });
  }

  /** To the live end, with the last lines. */
  async toEnd(): Promise<void> {
    this.#held = false;
    this.#begin();
    const [only, ...others] = this.#history.logs;
    // One log opens with one question; several have to be put in order first.
    if (only !== undefined && others.length === 0) this.#goLive([{ log: only, from: null }]);
    else await this.#reads("opening", () => this.#openEnd());
  }

  /** To the first byte of the file that is there now; files before it are above. */
  toStart(): Promise<boolean> {
    return this.#jump(() => this.#history.pages(() => ({ offset: 0, limit: PAGE })));
  }

  /** To the line of a log in which a byte lies; the other logs are shown around the same time. */
  toOffset(log: LogName, offset: number): Promise<boolean> {
    return this.#jump(() => this.#around(log, { offset, limit: PAGE }));
  }

  /** To the first lines that are not earlier than a time (RFC 3339). */
  toTime(time: string): Promise<boolean> {
    return this.#jump(() => this.#history.pages(() => ({ at: time, limit: PAGE })));
  }

  /** To the line that starts at a position of a log. */
  toLine(log: LogName, position: Position): Promise<boolean> {
    return this.#jump(() => this.#around(log, { after: position, limit: CONTEXT }), "around");
  }

  close(): void {
    this.#abort.abort();
    this.#attention.end();
    this.#live.stop();
    clearInterval(this.#clock);
    clearTimeout(this.#doubt);
    cancelAnimationFrame(this.#frame);
  }

  /** Holds the connection back: the host has nothing to do for this view until `start`. */
  stop(): void {
    this.#held = true;
    this.#live.stop();
  }

  /** Goes on from where it was stopped; also tries at once instead of waiting, and after a login. */
  start(): void {
    this.#held = false;
    if (this.#live.positions.length > 0) this.#live.resume();
    else void this.toEnd();
  }

  /** The reader came to the end of the rows, or left it. */
  follow(following: boolean): void {
    this.#follows = following;
    if (following) this.#stream.follow();
    else this.#stream.hold();
    this.#show();
  }

  /** Reads on upwards. */
  above(): Promise<void> {
    if (this.#upward() !== "more") return Promise.resolve();
    return this.#reads("above", () => this.#untilFound("above", () => this.#oneAbove()));
  }

  /** Reads on downwards, up to where the live lines go on. */
  below(): Promise<void> {
    if (this.#stream.attached) return Promise.resolve();
    return this.#reads("below", () => this.#untilFound("below", () => this.#oneBelow()));
  }

  /** Puts the next lines of a gap in its place. */
  fill(row: Row): Promise<void> {
    return this.#reads("gap", () => fillGap(this.#stream, row, this.#history));
  }

  /** Whether a line is from the file of its log that is written to now, and not from an older one. */
  isCurrent(row: LineRow): boolean {
    return row.file === this.#stream.file(row.log);
  }

  has(position: Position): boolean {
    return this.#stream.rows.some((row) => row.kind === "line" && row.line.position === position);
  }

  /**
   * Reads pages until one brings something, but not for ever: where the hub has looked through as much as it does at once, the reader
   * is asked whether to go on, also when a few lines were found on the way.
   */
  async #untilFound(where: "above" | "below", page: () => Promise<Look>): Promise<void> {
    for (let i = 0; i < EMPTY_PAGES; i++) {
      const { found, limited, scanned } = await page();
      this.#looked += scanned;
      this.#show();
      if (limited) break;
      if (!found) continue;
      this.#looked = 0;
      return;
    }
    this.tired = where;
  }

  /**
   * The nearest line above or below the window that a pattern matches, of those that the filter lets through. `tired`: it may be further
   * away than was looked; asked again, the search goes on from there.
   */
  async find(where: "above" | "below", pattern: string): Promise<LineOf | "none" | "tired"> {
    let found: LineOf | "none" | "tired" = "none";
    await this.#reads("finding", async () => {
      const { logs, filter } = this.#history;
      const wanted = new History(logs, { ...filter, grep: [...filter.grep, pattern] }, this.#abort.signal);
      const pages = await wanted.pages((log) => this.#beyond(where, log, pattern));
      const lines = pages.flatMap(({ log, lines: [line] }) => (line ? [{ log, line }] : []));
      const nearest = lines.toSorted((a, b) => (timeOf(a.line) - timeOf(b.line) || 0) * (where === "above" ? -1 : 1))[0];
      const limited = pages.some((page) => page.limited === true && page.lines.length === 0);
      this.#looked = limited ? this.#looked + sum(pages.map((page) => page.scanned ?? 0)) : 0;
      this.#sought = new Map(pages.map((page) => [`${where} ${page.log} ${pattern}`, where === "above" ? page.before : page.after]));
      if (!limited || nearest) this.#sought = new Map();
      found = nearest ?? (limited ? "tired" : "none");
    });
    return found;
  }

  /** Where a search beyond the window begins, or went as far as it was allowed to. */
  #beyond(where: "above" | "below", log: LogName, pattern: string): Spot | null {
    const sought = this.#sought.get(`${where} ${log} ${pattern}`);
    const top = this.#stream.top(log);
    const start = where === "below" ? this.#stream.next(log) : top.kind === "before" ? top.position : null;
    const position = sought ?? start;
    if (position === null) return null;
    return where === "above" ? { before: position, limit: 1 } : { after: position, limit: 1 };
  }

  /** Whether it brought lines, or there are no more. */
  async #oneAbove(): Promise<Look> {
    const pages = await this.#history.pages((log): Spot | null => {
      const top = this.#stream.top(log);
      return top.kind === "before" ? { before: top.position, limit: PAGE } : null;
    });
    const page = mergeAbove(pages);
    this.#stream.prepend(page);
    return look(pages, page.lines.length > 0 || this.#atBeginning());
  }

  async #oneBelow(): Promise<Look> {
    const pages = await this.#history.pages((log) => ({ after: this.#stream.next(log) ?? "", limit: PAGE }));
    const page = mergeBelow(pages);
    this.#stream.extend(page);
    this.#joinLive(pages);
    return look(pages, page.lines.length > 0 || this.#stream.attached);
  }

  /** Gives up whatever is being asked. */
  #overtake(logs: readonly LogName[] = this.#history.logs, filter: Filter = this.#history.filter): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#history = new History(logs, filter, this.#abort.signal);
    this.#reading = "nothing";
    this.#looked = 0;
    [this.problem, this.tired] = [null, null];
  }

  #begin(logs: readonly LogName[] = this.#history.logs, filter: Filter = this.#history.filter): void {
    this.#overtake(logs, filter);
    this.#live.stop();
    this.#counts = false;
    this.#sizes = new Map();
    this.#stream = new Stream(logs);
    if (!this.#follows) this.#stream.hold();
    // At once: where the reader stands is judged by what is published, and all of that is of the past now.
    this.#publish();
  }

  async #openEnd(): Promise<void> {
    const pages = await this.#history.pages(() => ({ last: LAST }));
    for (const { log, after } of pages) this.#standAt(log, after);
    this.#stream.prepend(mergeAbove(pages));
    this.#goLive(this.#positions());
  }

  async #openAt(at: Position, log: LogName): Promise<void> {
    this.#openWith(await this.#around(log, { after: at, limit: CONTEXT }));
    await this.#oneAbove();
  }

  /** Pages of one log from a spot on, and of the others around the same time; a line without one says nothing about where that is. */
  async #around(log: LogName, spot: Spot): Promise<LinesPage[]> {
    const page = await this.#history.page(log, spot);
    const time = page.lines[0]?.time;
    const then: Spot = time ? { at: time, limit: CONTEXT } : { last: 1 };
    return [page, ...(await this.#history.pages((each) => (each === log ? null : then)))];
  }

  /**
   * Goes elsewhere in the same logs. What is shown stays until the answer is there, and the connection goes on: new lines are counted
   * as before. Whether it came about; a jump that is overtaken by another one does not.
   */
  async #jump(question: () => Promise<LinesPage[]>, context: "below" | "around" = "below"): Promise<boolean> {
    this.#overtake();
    const { signal } = this.#abort;
    await this.#reads("opening", async () => {
      const pages = await question();
      const stream = new Stream(this.#history.logs);
      stream.succeed(this.#stream);
      this.#stream = stream;
      this.#openWith(pages);
      if (context === "around") await this.#oneAbove();
    });
    if (signal.aborted || this.problem !== null) return false;
    this.#publish();
    return true;
  }

  /** Opens in the middle: these pages, and from there in both directions. */
  #openWith(pages: LinesPage[]): void {
    this.#stream.detach();
    for (const page of pages) this.#stream.stand(page.log, { top: topOf(page) });
    this.#stream.extend(mergeBelow(pages));
    this.#joinLive(pages);
    // Meanwhile new lines are only counted, from the end on: what lies between is read when the reader comes to it.
    if (!this.#stream.attached && !this.#counts) this.#goLive(this.#history.logs.map((log) => ({ log, from: null })), 0);
  }

  /** When every log was read to its end, live lines go on exactly there. */
  #joinLive(pages: LinesPage[]): void {
    if (!pages.every((page) => page.end && this.#stream.next(page.log) === page.after)) return;
    this.#stream.attach();
    this.#goLive(this.#positions());
  }

  #goLive(logs: LogAt[], last = LAST): void {
    this.#counts = true;
    const subscription = { logs, last, filter: this.#history.filter };
    if (this.#held) this.#live.prepare(subscription);
    else this.#live.start(subscription);
  }

  /** A window without rows of a log stands at a point: all lines before it are above, all others below. */
  #standAt(log: LogName, position: Position | null): void {
    if (position !== null) this.#stream.stand(log, { top: { kind: "before", position }, next: position });
  }

  #positions(): LogAt[] {
    return this.#history.logs.map((log) => ({ log, from: this.#stream.next(log) }));
  }

  #atBeginning(): boolean {
    return this.#history.logs.every((log) => this.#stream.top(log).kind === "beginning");
  }

  #upward(): "unknown" | "more" | "nothing" {
    if (this.#atBeginning()) return "nothing";
    return this.#history.logs.some((log) => this.#stream.top(log).kind === "before") ? "more" : "unknown";
  }

  /** Runs one question; a second one while it is on its way is not asked. */
  async #reads(what: Reading, question: () => Promise<void>): Promise<void> {
    if (this.#reading !== "nothing") return;
    const { signal } = this.#abort;
    this.#reading = what;
    [this.problem, this.tired] = [null, null];
    this.#show();
    try {
      await question();
    } catch (error) {
      if (!signal.aborted) this.problem = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted) return;
    this.#reading = "nothing";
    this.#answers++;
    this.#show();
  }

  #happened(event: LiveEvent): void {
    if (event.type === "lines") {
      this.#unseen += event.lines.length;
      this.#stream.append(event.log, event.lines, event.position);
    } else if (event.type === "gap") this.#stream.mark(event.log, gapMark(event, Date.now()));
    else if (event.type === "edge") this.#confirmed(event);
    else if (event.type !== "bye" && event.type !== "opened") this.#stream.mark(event.log, noteMark(event, Date.now()));
    this.#show();
  }

  #rest(): boolean {
    const connected = ["open", "connecting", "waiting"].includes(this.#live.state.kind);
    if (connected) this.#live.stop();
    return connected;
  }

  /** How many lines have come since the connection was let go. */
  async #glance(): Promise<Glance> {
    const stands = new Map(this.#live.positions.map(({ log, from }) => [log, from]));
    const pages = await this.#history.pages((log) => {
      const after = stands.get(log) ?? null;
      return after === null ? null : { after, limit: GLANCE_LINES };
    });
    return { lines: this.#unseen + sum(pages.map(({ lines }) => lines.length)), more: pages.some(({ end }) => !end), failed: false };
  }

  /** With a network again there is nothing to wait for. */
  #network(online: boolean): void {
    this.online = online;
    // What did not let a WebSocket pass belongs to the network before.
    if (online) ways.afresh();
    if (online && this.#live.state.kind === "waiting") this.#live.resume();
  }

  /** All before an edge was sent: where that was nothing, as with a filter, history begins at the edge. */
  #confirmed({ log, position, offset }: EdgeEvent): void {
    if (this.#sizes.get(log) !== offset) this.#sizes = new Map(this.#sizes).set(log, offset);
    if (position !== undefined && this.#stream.top(log).kind === "unknown") this.#standAt(log, position);
  }

  /** Publishes with the next frame. In a tab that is not looked at there are no frames, and no work. */
  #show(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#publish();
    });
  }

  #publish(): void {
    if (!sameRows(this.#stream.rows, this.rows)) this.rows = this.#stream.rows.slice();
    this.live = this.#live.state;
    this.transport = ways.transport;
    this.evidence = ways.evidence;
    this.now = Date.now();
    this.currency = this.#live.currency(this.now);
    const { logs } = this.#history;
    if (logs.length > 1) this.currencies = new Map(logs.map((log) => [log, this.#live.currencyOf(log, this.now)]));
    clearTimeout(this.#doubt);
    const turns = this.#live.turns(this.now);
    if (turns !== null) this.#doubt = setTimeout(() => this.#show(), turns - this.now);
    this.waiting = this.#stream.waiting;
    this.sizes = this.#sizes;
    this.attached = this.#stream.attached;
    this.upward = this.#upward();
    this.reading = this.#reading;
    this.looked = this.#looked;
    this.answers = this.#answers;
  }
}

function look(pages: readonly LinesPage[], found: boolean): Look {
  return { found, limited: pages.some((page) => page.limited === true), scanned: sum(pages.map((page) => page.scanned ?? 0)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

function sameRows(a: readonly Row[], b: readonly Row[]): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}
