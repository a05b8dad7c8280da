// One open view of one or more logs: joins the window and its pages (`paging.svelte.ts`) with the connection (`live.ts`), and publishes
// what there is to see, at most once per frame. `LogView.svelte` shows it and says where the reader stands.

import type { Absentee } from "./absentees.svelte";
import { isEmpty, type ViewAddress } from "./address";
import { fetchRaw } from "./api";
import { Attention, GLANCE_LINES, type Glance } from "./attention";
import type { Currency } from "./edges";
import type { Beyond, End } from "./ends.svelte";
import { Halves, LONGEST_HALF } from "./halves";
import { atLeastOne } from "./history";
import { Live, type LiveState } from "./live";
import { Paging, type Reading } from "./paging.svelte";
import type { Stretch } from "./search";
import type { EdgeEvent, LiveEvent, LogName, Position } from "./shapes";
import { ways, whyRefused } from "./socket";
import { spotOf } from "./standpoint";
import { gapMark, noteMark } from "./marks";
import type { LineOf, LineRow, Row } from "./stream";
import type { Transport } from "./transport";
import type { Evidence } from "./ways";

/** Events by which a log, and so its host, is there. */
const SIGNS: ReadonlySet<LiveEvent["type"]> = new Set(["agent_back", "opened", "edge", "lines"]);

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
  /** Where each log ends, in bytes of the file that is written to, by its agent's last word. */
  sizes = $state.raw<ReadonlyMap<LogName, number>>(new Map());
  /** When this was published, for what time alone changes: ages and count-downs. */
  now = $state(Date.now());
  /** The last line of the one log while it has no end; where a filter is, nobody asked for it. */
  half = $state.raw<string | null>(null);
  /** What has come while nobody looked. */
  glance = $state.raw<Glance | null>(null);
  /** Whether this device has a network. */
  online = $state(navigator.onLine);

  #paging: Paging;
  #live: Live;
  #attention: Attention;
  #halves = new Halves(
    (log, from) => fetchRaw(log, from, null, LONGEST_HALF, this.#paging.history.signal),
    () => this.#show(),
  );
  /** The connection, when it was told of last. */
  #open = false;
  #frame = 0;
  #clock = 0;
  /** Wakes when the agents' last words become too old to call the view live: half a second later would be a lie. */
  #doubt: ReturnType<typeof setTimeout> | undefined;
  /** Lines that came since the tab was hidden, while it was still connected. */
  #unseen = 0;
  /** The reader stands at the end. */
  #follows = true;
  /** Stopped by the reader, and not to be started by scrolling. */
  #held = false;
  /** Where each log ends, by its agent's last word. */
  #sizes: ReadonlyMap<LogName, number> = new Map();

  constructor() {
    this.#paging = new Paging({
      begins: () => this.#begins(),
      changed: () => this.#show(),
      live: (subscription) => (this.#held ? this.#live.prepare(subscription) : this.#live.start(subscription)),
    });
    this.#live = new Live({
      open: (subscription) => ways.open(subscription),
      event: (event) => this.#happened(event),
      changed: () => {
        const open = this.#live.state.kind === "open";
        if (open && !this.#open) this.#paging.connected();
        this.#open = open;
        this.#show();
      },
      half: (log) => this.#halves.bytes(log),
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

  /** What went wrong last with reading, in words. */
  get problem(): string | null {
    return this.#paging.problem;
  }

  /** Whether what could not be opened comes by itself. */
  get awaited(): boolean {
    return this.#paging.awaited;
  }

  /** Logs that what was asked for last came without. */
  get absentees(): readonly Absentee[] {
    return this.#paging.absentees.shown;
  }

  /** How a filter fares at either end of the rows. */
  get beyond(): Readonly<Record<End, Beyond>> {
    return this.#paging.ends.beyond;
  }

  /** The first line at or behind the one that was to be opened at, which a filter may leave out. */
  get nearest(): LineOf | null {
    return this.#paging.nearest;
  }

  /** Whether the time or byte that was gone to last lies beyond the end. */
  get pastEnd(): boolean {
    return this.#paging.pastEnd;
  }

  /** Opens what an address names. `logs`: all of its logs, those that match a glob included. */
  async open(address: ViewAddress, logs: readonly LogName[] = address.logs): Promise<void> {
    this.#held = false;
    const spot = spotOf(address);
    await this.#paging.open(logs, address.filter, spot?.position ?? null, spot?.log ?? logs[0] ?? "");
  }

  /** Looks at other logs from now on: who comes joins at its live end, who goes is let go, and nothing else moves. */
  change(logs: readonly LogName[]): void {
    this.#paging.change(logs);
    this.#live.change(this.#paging.positions);
    this.#show();
  }

  /** To the live end, with the last lines. */
  async toEnd(): Promise<void> {
    this.#held = false;
    await this.#paging.toEnd();
  }

  /** To the first byte of the file that is there now; files before it are above. */
  toStart(): Promise<boolean> {
    return this.#jumps(this.#paging.toStart());
  }

  /** To the line of a log in which a byte lies; the other logs are shown around the same time. */
  toOffset(log: LogName, offset: number): Promise<boolean> {
    return this.#jumps(this.#paging.toOffset(log, offset));
  }

  /** To the first lines that are not earlier than a time (RFC 3339). */
  toTime(time: string): Promise<boolean> {
    return this.#jumps(this.#paging.toTime(time));
  }

  /** To the line that starts at a position of a log. */
  toLine(log: LogName, position: Position): Promise<boolean> {
    return this.#jumps(this.#paging.toLine(log, position));
  }

  close(): void {
    this.#paging.close();
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
    if (following) this.#paging.stream.follow();
    else this.#paging.stream.hold();
    this.#show();
  }

  /** Reads on upwards. */
  above(): Promise<void> {
    return this.#paging.above();
  }

  /** Reads on downwards, up to where the live lines go on. */
  below(): Promise<void> {
    return this.#paging.below();
  }

  /** Puts the next lines of a gap in its place. */
  fill(row: Row): Promise<void> {
    return this.#paging.fill(row);
  }

  /**
   * The nearest line above or below the window that a pattern matches; after `tired`, the search goes on from there. Null where it was
   * stopped, or overtaken by another way in. Throws what the hub has against it.
   */
  find(where: "above" | "below", pattern: string, stop: AbortSignal): Promise<Stretch | null> {
    return this.#paging.find(where, pattern, stop);
  }

  /** Whether a line is from the file of its log that is written to now, and not from an older one. */
  isCurrent(row: LineRow): boolean {
    return row.file === this.#paging.stream.file(row.log);
  }

  has(position: Position): boolean {
    return this.#paging.stream.rows.some((row) => row.kind === "line" && row.line.position === position);
  }

  /** Whoever jumps goes on with what is there now: it is published at once. */
  async #jumps(jump: Promise<boolean>): Promise<boolean> {
    const came = await jump;
    if (came) this.#publish();
    return came;
  }

  #begins(): void {
    this.#live.stop();
    this.#sizes = new Map();
    if (!this.#follows) this.#paging.stream.hold();
    // At once: where the reader stands is judged by what is published, and all of that is of the past now.
    this.#publish();
  }

  #happened(event: LiveEvent): void {
    if (event.type === "edge") this.#halves.edge(event);
    else if (event.type !== "bye") this.#halves.ended(event.log);
    if (event.type === "lines") {
      this.#unseen += event.lines.length;
      this.#paging.stream.append(event.log, event.lines, event.position);
    } else if (event.type === "gap") this.#paging.stream.mark(event.log, gapMark(event, Date.now()));
    else if (event.type === "edge") this.#confirmed(event);
    else if (event.type !== "bye" && event.type !== "opened") this.#paging.stream.mark(event.log, noteMark(event, Date.now()));
    if (event.type !== "bye" && SIGNS.has(event.type)) this.#paging.heard(event.log, event.type === "agent_back" || event.type === "opened");
    // The first lines are made ready for the next frame instead of waiting for it: in a browser that has just started it is long to come.
    if (event.type === "lines" && this.rows.length === 0) this.#publish();
    else this.#show();
  }

  #rest(): boolean {
    const connected = ["open", "connecting", "waiting"].includes(this.#live.state.kind);
    if (connected) this.#live.stop();
    return connected;
  }

  /** How many lines have come since the connection was let go. */
  async #glance(): Promise<Glance> {
    const stands = new Map(this.#live.positions.map(({ log, from }) => [log, from]));
    const { pages } = atLeastOne(await this.#paging.history.parts((log) => {
      const after = stands.get(log) ?? null;
      return after === null ? null : { after, limit: GLANCE_LINES };
    }));
    return { lines: pages.reduce((all, { lines }) => all + lines.length, this.#unseen), more: pages.some(({ end }) => !end), failed: false };
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
    if (position !== undefined && this.#paging.stream.top(log).kind === "unknown") this.#paging.standAt(log, position);
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
    const { stream, logs, upward, reading, answers } = this.#paging;
    if (!sameRows(stream.rows, this.rows)) this.rows = stream.rows.slice();
    this.now = Date.now();
    const { state } = this.#live;
    // Before a connection comes what is read first: nobody has disconnected.
    this.live = state.kind === "stopped" && !this.#held && reading === "opening" ? { kind: "connecting", after: null } : state;
    this.transport = ways.transport;
    this.evidence = ways.evidence;
    this.half = logs[0] !== undefined && logs.length === 1 && isEmpty(this.#paging.history.filter) ? this.#halves.text(logs[0]) : null;
    this.currency = this.#live.currency(this.now);
    if (logs.length > 1) this.currencies = new Map(logs.map((log) => [log, this.#live.currencyOf(log, this.now)]));
    clearTimeout(this.#doubt);
    const turns = this.#live.turns(this.now);
    if (turns !== null) this.#doubt = setTimeout(() => this.#show(), turns - this.now);
    this.waiting = stream.waiting;
    this.sizes = this.#sizes;
    this.attached = stream.attached;
    [this.upward, this.reading, this.answers] = [upward, reading, answers];
  }
}

function sameRows(a: readonly Row[], b: readonly Row[]): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}
