// The connection of a view: connects, resumes each log where it stopped, backs off, and tells how current the view is.
// It stands between the socket and the window (`stream.ts`), which is told each event once and in order.
//
// A state machine: stopped → connecting → open → waiting → connecting …; each way out of a state is one method.
// It owns one socket and one timer at most. It refuses: the DOM, and guessing. Middleboxes drop connections without telling, so over one
// that has carried nothing for 15 s, be it since the agent stands still, the hub is asked for a sign of life, and without one it is
// dead. So is each one that was open before the machine slept: its timers jump, and what was on the way then came to nobody.

import { Edges, type Currency } from "./edges";
import { parseEvent, type LiveEvent, type LogName, type Position } from "./shapes";
import type { Ending, LogAt, Socket, Subscription } from "./transport";

/** The first pause between two attempts is at most this long; each further one may be twice as long. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Nothing on an open connection for this long: an agent speaks every second, so it stands still, or the connection is dead. */
const QUIET_MS = 15_000;
/** The hub answers at once; three lost packets take about so long. */
const SIGN_MS = 5000;
/** Longer than a TCP handshake with two lost packets. */
const CONNECT_MS = 10_000;
const WATCH_MS = 1000;
/** A timer that is late by more: the machine slept. A tab in the background is late by a minute at most, and lets go before that. */
const SLEPT_MS = 15_000;
/** A hub that said goodbye is not suspected for so long. */
const RESTART_MS = 60_000;

export type LiveState =
  | { kind: "stopped" }
  /** `after`: what ended the connection before, while there is none yet. */
  | { kind: "connecting"; after: Trouble | null }
  | { kind: "open" }
  /** Between two attempts; `until` in milliseconds since 1970. */
  | ({ kind: "waiting"; until: number } & Trouble)
  /** Trying again would not help before somebody has logged in. */
  | { kind: "login" }
  /** Nor here, before something else is asked for (a pattern that is none, a log that is not offered). */
  | { kind: "refused"; words: string };

/** Why there is no connection for a while. `words`: what the hub says, where it says more than `why`. */
export interface Trouble {
  why: "lost" | "bye" | "full" | "crowded" | "refused";
  words: string;
}

/**
 * Why there is no connection, and what may help: to try again now, since it will be over another transport, or some time later. No words:
 * the hub did not answer that either.
 */
export type Refusal = { helps: "now" | "time" | "login" | "nothing"; words: string };

/** What the machine needs of the world. */
export interface Wiring {
  open(subscription: Subscription): Socket;
  event(event: LiveEvent): void;
  changed(): void;
  /** Bytes at the end of a log that are known to be a line without an end. */
  half(log: LogName): number;
  /** A browser does not tell why a connection was refused: asks the hub. */
  whyRefused(subscription: Subscription): Promise<Refusal>;
}

/** For whom a hub has no place: for anybody, or for one more from this address. */
function noRoom(why: string | undefined): "full" | "crowded" | null {
  return why === "full" || why === "crowded" ? why : null;
}

export class Live {
  #state: LiveState = { kind: "stopped" };
  #subscription: Subscription = { logs: [], last: 0, filter: { grep: [], exclude: [], ignoreCase: false, level: null } };
  #edges = new Edges([], 0);
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;
  /** When anything came over the connection. */
  #carried = 0;
  /** Since when the hub owes a sign of life. */
  #asked: number | null = null;
  #goodbye: { retryMs: number; words: string; noRoom: "full" | "crowded" | null } | null = null;
  /** Until then the hub is on its way back, by its own word. */
  #restarts = 0;

  constructor(private readonly wiring: Wiring) {}

  get state(): LiveState {
    return this.#state;
  }

  /** What may be claimed about the view now. Time alone changes it: ask again each second. */
  currency(now: number): Currency {
    return this.#edges.currency(now);
  }

  /** The same of one of its logs. */
  currencyOf(log: LogName, now: number): Currency {
    return this.#edges.of(log, now);
  }

  /** When time alone will change what may be claimed, if nothing comes before. */
  turns(now: number): number | null {
    return this.#state.kind === "open" ? this.#edges.turnsSilent(now) : null;
  }

  /** Where each log would be resumed. */
  get positions(): readonly LogAt[] {
    return this.#subscription.logs;
  }

  /** Stands still with these logs, for `resume` to begin with; what was before is dropped. */
  prepare(subscription: Subscription): void {
    this.stop();
    this.#subscription = { ...subscription, logs: subscription.logs.map((each) => ({ ...each })) };
    this.#listen();
    this.#failures = 0;
  }

  start(subscription: Subscription): void {
    this.prepare(subscription);
    this.#connect();
  }

  /** Goes on with another set of logs: those that stay go on where they stand, the others where they are said to. */
  change(logs: readonly LogAt[]): void {
    const before = new Map(this.#subscription.logs.map((each) => [each.log, each.from]));
    this.#subscription.logs = logs.map(({ log, from }) => ({ log, from: before.get(log) ?? from }));
    this.#listen();
    if (this.#state.kind === "open" || this.#state.kind === "connecting" || this.#state.kind === "waiting") this.#connect();
  }

  /** Ends the connection; the positions stay, and `resume` goes on from them. */
  stop(): void {
    this.#leave();
    this.#enter({ kind: "stopped" });
  }

  /** Goes on after `stop`, a login, or instead of waiting longer. */
  resume(): void {
    if (this.#state.kind === "open" || this.#state.kind === "connecting") return;
    this.#connect();
  }

  #connect(): void {
    this.#leave();
    this.#goodbye = null;
    const after = this.#ended();
    const socket = this.wiring.open(this.#subscription);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }: { data: unknown }) => this.#received(data);
    socket.onclose = (ending?: Ending) => void this.#closed(ending?.atOnce);
    this.#timer = setTimeout(() => void this.#closed(), CONNECT_MS);
    this.#enter({ kind: "connecting", after });
  }

  /** What ended the connection before, as long as there is none. */
  #ended(): Trouble | null {
    if (this.#state.kind === "waiting") return { why: this.#state.why, words: this.#state.words };
    return this.#state.kind === "connecting" ? this.#state.after : null;
  }

  #opened(): void {
    this.#listen();
    this.#carried = Date.now();
    this.#asked = null;
    this.#enter({ kind: "open" });
    this.#watch();
  }

  /** From now on, and of nothing that was said before. */
  #listen(): void {
    this.#edges = new Edges(this.#subscription.logs.map(({ log }) => log), Date.now(), this.#socket?.late, this.wiring.half);
  }

  /** Looks once a second whether anything still comes. */
  #watch(): void {
    this.#clearTimer();
    const due = Date.now() + WATCH_MS;
    this.#timer = setTimeout(() => {
      const now = Date.now();
      if (now - due > SLEPT_MS) this.#connect();
      else if (this.#asked !== null && now - this.#asked > SIGN_MS) void this.#closed();
      else this.#watch();
      if (this.#asked === null && now - this.#carried > QUIET_MS) this.#askForSign(now);
    }, WATCH_MS);
  }

  #askForSign(now: number): void {
    if (this.#state.kind !== "open") return;
    this.#asked = now;
    this.#socket?.send(JSON.stringify({ type: "ping" }));
  }

  /** Waits for the next attempt a second at a time: a timer stands still while the machine sleeps, and the time goes on. */
  #pause(until: number): void {
    this.#clearTimer();
    const wait = Math.min(until - Date.now(), WATCH_MS);
    this.#timer = setTimeout(() => (Date.now() >= until ? this.#connect() : this.#pause(until)), wait);
  }

  #received(data: unknown): void {
    this.#carried = Date.now();
    this.#asked = null;
    const event = typeof data === "string" ? parseEvent(data) : null;
    if (!event) return;
    // Only now the connection has shown that it is good for something: a hub that accepts and closes is a failure.
    this.#failures = this.#restarts = 0;
    if (event.type === "bye") this.#goodbye = { retryMs: event.retry_ms, words: event.words, noRoom: noRoom(event.why) };
    else this.#note(event);
    this.wiring.event(event);
  }

  #note(event: Exclude<LiveEvent, { type: "bye" }>): void {
    const position = resumePoint(event);
    const known = this.#subscription.logs.find(({ log }) => log === event.log);
    if (known && position !== null) known.from = position;
    this.#edges.take(event, Date.now());
    if (event.type !== "lines") this.wiring.changed();
  }

  /** The connection ended, or never came to be, or is taken for dead: waits, then tries again. */
  async #closed(atOnce = false): Promise<void> {
    if (atOnce) return this.#connect();
    const refused = this.#state.kind === "connecting" && this.#goodbye === null;
    this.#leave();
    this.#failures++;
    const until = Date.now() + spread(this.#goodbye?.retryMs ?? this.#longestPause());
    this.#pause(until);
    this.#enter({ kind: "waiting", until, ...this.#trouble(refused) });
    if (refused) await this.#explain(until);
  }

  /** A hub that said goodbye is on its way back; of one that refuses again, what it said last holds until it says something else. */
  #trouble(refused: boolean): Trouble {
    if (this.#goodbye?.noRoom) return { why: this.#goodbye.noRoom, words: this.#goodbye.words };
    if (this.#goodbye) {
      this.#restarts = Date.now() + RESTART_MS;
      return { why: "bye", words: this.#goodbye.words };
    }
    if (Date.now() < this.#restarts) return { why: "bye", words: "" };
    const before = this.#ended();
    return refused && before?.why === "refused" ? before : { why: "lost", words: "" };
  }

  async #explain(until: number): Promise<void> {
    const { helps, words } = await this.wiring.whyRefused(this.#subscription);
    // Another attempt may have begun while the answer was on its way.
    if (this.#state.kind !== "waiting" || this.#state.until !== until) return;
    if (helps === "now") return this.#connect();
    if (helps !== "time") this.#leave();
    if (helps === "login") this.#enter({ kind: "login" });
    else if (helps === "nothing") this.#enter({ kind: "refused", words });
    else if (words !== "") this.#enter({ kind: "waiting", until, why: "refused", words });
  }

  #longestPause(): number {
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
  }

  /** Lets go of the socket, deaf first: a late event of an old connection must not count for the new one. */
  #leave(): void {
    this.#clearTimer();
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #enter(state: LiveState): void {
    this.#state = state;
    this.wiring.changed();
  }
}

/** Where to go on after an event, so that nothing is lost and nothing comes twice, nor is told twice. */
function resumePoint(event: LiveEvent): Position | null {
  switch (event.type) {
    case "lines":
      return event.position;
    case "gap":
    case "lost":
    case "rotated":
    case "truncated":
      return event.to ?? null;
    // All before it was sent. Without it a log of which no line came would be opened anew, with its last lines.
    case "edge":
      return event.position ?? null;
    default:
      return null;
  }
}

/** A random part of a pause, but not none: a thousand tabs must not come back at the same moment. */
function spread(ms: number): number {
  return Math.round(ms * (0.2 + 0.8 * Math.random()));
}
