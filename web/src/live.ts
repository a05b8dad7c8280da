// The connection of a view: connects, resumes each log where it stopped, backs off, and tells how current the view is.
// It stands between the socket and the window (`stream.ts`), which is told each event once and in order.
//
// A state machine: stopped → connecting → open → waiting → connecting …; each way out of a state is one method.
// It owns one socket and one timer at most. It refuses: the DOM, and guessing: a socket that is open but has carried no
// word of an agent for 15 s is taken for dead, since middleboxes drop connections without telling.

import type { Filter } from "./address";
import { Edges, isAbsence, type Currency } from "./edges";
import { parseEvent, type LiveEvent, type LogName, type Position } from "./shapes";

export const PROTOCOL = "tailcast.v1.json";
/** The first pause between two attempts is at most this long; each further one may be twice as long. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** No word on an open connection for this long: the agent speaks every second, so the connection is dead. */
const DEAD_MS = 15_000;
/** Longer than a TCP handshake with two lost packets. */
const CONNECT_MS = 10_000;
const WATCH_MS = 1000;

export interface LogAt {
  log: LogName;
  /** Resume here; null opens the log with its last lines. */
  from: Position | null;
}
export interface Subscription {
  logs: LogAt[];
  /** Lines to open a log with. */
  last: number;
  filter: Filter;
}

export type LiveState =
  | { kind: "stopped" }
  | { kind: "connecting" }
  | { kind: "open" }
  /** Between two attempts; `until` in milliseconds since 1970. `words`: what the hub says, where it says more than `why`. */
  | { kind: "waiting"; until: number; why: "lost" | "bye" | "refused"; words: string }
  /** Trying again would not help before somebody has logged in. */
  | { kind: "login" }
  /** Nor here, before something else is asked for (a pattern that is none, a log that is not offered). */
  | { kind: "refused"; words: string };

/** Why there is no connection, and whether time may help. */
export type Refusal = { helps: "time" | "login" | "nothing"; words: string };

/** The part of a WebSocket that is used. (`never`: so that the handlers of the real one, which take more, fit.) */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  close(): void;
}

/** What the machine needs of the world. */
export interface Wiring {
  open(subscription: Subscription): Socket;
  event(event: LiveEvent): void;
  changed(): void;
  /** A browser does not tell why a connection was refused: asks the hub. */
  whyRefused(subscription: Subscription): Promise<Refusal>;
}

export class Live {
  #state: LiveState = { kind: "stopped" };
  #subscription: Subscription = { logs: [], last: 0, filter: { grep: [], exclude: [], ignoreCase: false, level: null } };
  #edges = new Edges([]);
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;
  #goodbye: { retryMs: number; words: string } | null = null;

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
    this.#edges = new Edges(subscription.logs.map(({ log }) => log));
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
    this.#edges = new Edges(logs.map(({ log }) => log));
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
    const socket = this.wiring.open(this.#subscription);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }: { data: unknown }) => this.#received(data);
    socket.onclose = () => void this.#closed();
    this.#timer = setTimeout(() => void this.#closed(), CONNECT_MS);
    this.#enter({ kind: "connecting" });
  }

  #opened(): void {
    this.#edges = new Edges(this.#subscription.logs.map(({ log }) => log));
    this.#enter({ kind: "open" });
    this.#watch();
  }

  /** Looks once a second whether the agents' words still come. */
  #watch(): void {
    this.#clearTimer();
    this.#timer = setTimeout(() => {
      if ((this.#edges.silence(Date.now()) ?? 0) > DEAD_MS) void this.#closed();
      else this.#watch();
    }, WATCH_MS);
  }

  #received(data: unknown): void {
    const event = typeof data === "string" ? parseEvent(data) : null;
    if (!event) return;
    // Only now the connection has shown that it is good for something: a hub that accepts and closes is a failure.
    this.#failures = 0;
    if (event.type === "bye") this.#goodbye = { retryMs: event.retry_ms, words: event.words };
    else this.#note(event);
    this.wiring.event(event);
  }

  #note(event: Exclude<LiveEvent, { type: "bye" }>): void {
    const position = resumePoint(event);
    const known = this.#subscription.logs.find(({ log }) => log === event.log);
    if (known && position !== null) known.from = position;
    if (event.type === "lines") this.#edges.heard(event.log, Date.now());
    if (event.type === "edge") this.#edges.confirmed(event, Date.now());
    if (event.type === "agent_back" || event.type === "opened") this.#edges.present(event.log);
    if (isAbsence(event.type)) this.#edges.absent(event.log, event.type, Date.now());
    if (event.type !== "lines") this.wiring.changed();
  }

  /** The connection ended, or never came to be, or is taken for dead: waits, then tries again. */
  async #closed(): Promise<void> {
    const refused = this.#state.kind === "connecting" && this.#goodbye === null;
    this.#leave();
    this.#failures++;
    const pause = this.#goodbye ? spread(this.#goodbye.retryMs) : spread(this.#longestPause());
    const [why, words] = this.#goodbye ? (["bye", this.#goodbye.words] as const) : (["lost", ""] as const);
    const until = Date.now() + pause;
    this.#timer = setTimeout(() => this.#connect(), pause);
    this.#enter({ kind: "waiting", until, why, words });
    if (refused) await this.#explain(until);
  }

  async #explain(until: number): Promise<void> {
    const { helps, words } = await this.wiring.whyRefused(this.#subscription);
    // Another attempt may have begun while the answer was on its way.
    if (this.#state.kind !== "waiting" || this.#state.until !== until) return;
    if (helps !== "time") this.#leave();
    if (helps === "time") this.#enter({ kind: "waiting", until, why: "refused", words });
    else this.#enter(helps === "login" ? { kind: "login" } : { kind: "refused", words });
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
    default:
      return null;
  }
}

/** A random part of a pause, but not none: a thousand tabs must not come back at the same moment. */
function spread(ms: number): number {
  return Math.round(ms * (0.2 + 0.8 * Math.random()));
}
