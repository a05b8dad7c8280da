// Which transport a view is carried over: a WebSocket where one passes, else the next that does. Stands between the connection
// (`live.ts`), which asks for one and is told when it ended, and the three transports; one for the whole page, so that what was found
// out holds for each view.
//
// It goes down on evidence alone: no WebSocket comes about though the hub answers (twice, since the hub may just have started); one
// that was opened stays mute though the hub speaks at once; one is cut at the same age again and again. A hub that is away is no
// evidence against a transport; that the browser has no connection to spare for one more event stream (`places.ts`) is. It goes up again when a probe aside has shown that a WebSocket works; the view is not disturbed by that.

import { TRANSPORTS, type Ending, type Socket, type Subscription, type Transport } from "./transport";

/** So long a connection may be mute: an agent that is slow is told of after 3 s. */
const MUTE_MS = { websocket: 6000, events: 4000, polls: Infinity } as const satisfies Record<Transport, number>;
/** Attempts that came to nothing while the hub answered. */
const REFUSALS = 2;
/** As many in turn that were opened and ended without a word have come from something on the way. */
const WORDLESS = 3;
/** As many cuts in turn at the same age are a rule of something on the way. */
const CUTS = 3;
/** How far ages may lie apart that are the same, as a share, and at least in milliseconds. */
const SAME_SHARE = 0.1;
const SAME_MS = 700;
/** Younger than this a connection has not been cut for its age. */
const YOUNG_MS = 1000;
/** First and longest pause between two probes. */
const FIRST_PROBE_MS = 60_000;
const LONGEST_PROBE_MS = 30 * 60_000;

/** What was found against the transport above the one in use. */
export type Evidence =
  | { kind: "unopened"; transport: Transport }
  | { kind: "mute"; transport: Transport }
  | { kind: "full"; transport: Transport }
  | { kind: "cut"; transport: Transport; seconds: number };

/** What it needs of the world. */
export interface Means {
  open: Record<Transport, (subscription: Subscription) => Socket>;
  /** Whether a WebSocket opens and speaks now. */
  probe(subscription: Subscription): Promise<boolean>;
}

export class Ways {
  #transport: Transport = "websocket";
  #evidence: Evidence | null = null;
  #refusals = 0;
  #wordless = 0;
  #ages: number[] = [];
  #probePause = FIRST_PROBE_MS;
  #probeAt = 0;

  constructor(private readonly means: Means) {}

  get transport(): Transport {
    return this.#transport;
  }

  /** Why it is not the one above; null where there is none. */
  get evidence(): Evidence | null {
    return this.#evidence;
  }

  open(subscription: Subscription): Socket {
    return new Watched(this.means.open[this.#transport](subscription), this.#transport, {
      muteMs: MUTE_MS[this.#transport],
      ended: (how) => this.#ended(how),
      spoke: () => ([this.#refusals, this.#wordless] = [0, 0]),
      tick: () => this.#probe(subscription),
    });
  }

  /** The hub answers over HTTP, and yet an attempt came to nothing. Whether to try again at once. */
  refused(): boolean {
    if (++this.#refusals < REFUSALS) return true;
    // An event stream that does not open does so for want of its first byte.
    return this.#down({ kind: this.#transport === "events" ? "mute" : "unopened", transport: this.#transport });
  }

  /** Begins anew: the network is another one. */
  afresh(): void {
    this.#to("websocket", null);
    [this.#probePause, this.#probeAt] = [FIRST_PROBE_MS, 0];
  }

  /** Whether it went down, so that another attempt may begin at once. */
  #ended({ transport, how, age }: Ended): boolean {
    if (transport !== this.#transport) return false;
    // Nothing has come at all: whether the hub is there is asked first, and then no second time is needed.
    if (how === "nothing") this.#refusals = REFUSALS - 1;
    if (how === "nothing") return false;
    if (how === "mute" || how === "full") return this.#down({ kind: how, transport });
    if (how === "wordless") return ++this.#wordless === WORDLESS && this.#down({ kind: "unopened", transport });
    this.#ages = [...this.#ages, age].slice(-CUTS);
    const [least, most] = [Math.min(...this.#ages), Math.max(...this.#ages)];
    const regular = this.#ages.length === CUTS && least >= YOUNG_MS && most - least <= Math.max(SAME_MS, most * SAME_SHARE);
    return regular && this.#down({ kind: "cut", transport, seconds: Math.round(least / 1000) });
  }

  #down(evidence: Evidence): boolean {
    const next = TRANSPORTS[TRANSPORTS.indexOf(this.#transport) + 1];
    if (next === undefined) return false;
    this.#to(next, evidence);
    // What is cut for its age looks well before that: only rarely it is worth another try.
    this.#probeAt = Date.now() + (evidence.kind === "cut" ? LONGEST_PROBE_MS : this.#probePause);
    return true;
  }

  #to(transport: Transport, evidence: Evidence | null): void {
    [this.#transport, this.#evidence, this.#refusals, this.#wordless, this.#ages] = [transport, evidence, 0, 0, []];
  }

  /** Looks aside whether a WebSocket works by now; then the one that is in use is left. */
  async #probe(subscription: Subscription): Promise<boolean> {
    if (this.#transport === "websocket" || Date.now() < this.#probeAt) return false;
    this.#probePause = Math.min(LONGEST_PROBE_MS, this.#probePause * 2);
    this.#probeAt = Date.now() + this.#probePause;
    const before = this.#evidence;
    // Meanwhile another view may have found out the same.
    if (!(await this.means.probe(subscription)) || this.#evidence !== before) return false;
    this.#to("websocket", null);
    return true;
  }
}

interface Ended {
  transport: Transport;
  how: "nothing" | "wordless" | "mute" | "full" | "cut";
  age: number;
}

interface Watch {
  muteMs: number;
  /** Whether another attempt may begin at once. */
  ended(how: Ended): boolean;
  spoke(): void;
  /** Looked at now and then; true when the connection is to be left for a better one. */
  tick(): Promise<boolean>;
}

const TICK_MS = 5000;

/** A connection that is watched: how it ended, and how old it was. */
class Watched implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  readonly late: number;
  #opened = 0;
  #spoke = false;
  #bye = false;
  #mute: ReturnType<typeof setTimeout> | undefined;
  readonly #tick: ReturnType<typeof setInterval>;

  constructor(
    private readonly inner: Socket,
    private readonly transport: Transport,
    private readonly watch: Watch,
  ) {
    this.late = inner.late ?? 0;
    inner.onopen = () => this.#open();
    inner.onmessage = (event: { data: unknown }) => this.#message(event);
    inner.onclose = (ending?: Ending) => this.#closed(ending?.full ? "full" : ending?.held ? "mute" : "cut");
    this.#expectWord();
    this.#tick = setInterval(() => void this.#look(), TICK_MS);
  }

  send(text: string): void {
    this.inner.send(text);
  }

  close(): void {
    clearTimeout(this.#mute);
    clearInterval(this.#tick);
    this.inner.onopen = this.inner.onmessage = this.inner.onclose = null;
    this.inner.close();
  }

  #open(): void {
    this.#opened = Date.now();
    clearTimeout(this.#mute);
    // An event stream has spoken with its first byte.
    if (this.transport === "websocket") this.#expectWord();
    (this.onopen as (() => void) | null)?.();
  }

  #expectWord(): void {
    if (this.watch.muteMs === Infinity) return;
    this.#mute = setTimeout(() => this.#closed(this.#opened > 0 ? "mute" : "nothing"), this.watch.muteMs);
  }

  #message(event: { data: unknown }): void {
    if (!this.#spoke) this.watch.spoke();
    this.#spoke = true;
    clearTimeout(this.#mute);
    if (typeof event.data === "string" && event.data.startsWith('{"type":"bye"')) this.#bye = true;
    (this.onmessage as ((event: { data: unknown }) => void) | null)?.(event);
  }

  #closed(how: "nothing" | "mute" | "full" | "cut"): void {
    this.close();
    const counts = how !== "cut" || (this.#opened > 0 && !this.#bye);
    const why = how === "cut" && !this.#spoke ? "wordless" : how;
    const atOnce = counts && this.watch.ended({ transport: this.transport, how: why, age: Date.now() - this.#opened });
    this.#tell({ atOnce });
  }

  async #look(): Promise<void> {
    if (!(await this.watch.tick()) || this.inner.onclose === null) return;
    this.close();
    this.#tell({ atOnce: true });
  }

  #tell(ending: Ending): void {
    (this.onclose as ((ending: Ending) => void) | null)?.(ending);
  }
}
