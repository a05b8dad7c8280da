// How current a view is, measured and never assumed. The agent tells the end of each log about once a second, in order
// with the lines; from when those words came, and what they said, follows what may be claimed.
// "Live" is said only while each log's edge was confirmed within 3 s. Pure but for what it has been told.
//
// An agent goes on to confirm where it stands also in a file that has lost its name, or that is not there. So each absence says by what it
// ends, and an edge does not end all of them.

import type { EdgeEvent, LiveEvent, LogName, NoteEvent } from "./shapes";

/** Beyond this age of the last word of an agent the view is not called live, in milliseconds. */
export const CONFIRMED_MS = 3000;
/** A word that took this much longer than the quickest one was held up on its way, in milliseconds. */
const LATE_MS = 1000;

export type Currency =
  | { kind: "live" }
  /** Lines are on their way: so many bytes still lie on the disk, so late was the last word. */
  | { kind: "behind"; log: LogName; seconds: number; bytes: number }
  /** No word of the agent since then, in milliseconds since 1970. */
  | { kind: "silent"; log: LogName; seconds: number; since: number }
  /** Nothing was heard yet. */
  | { kind: "opening" }
  /** The agent's link is down, or the log cannot be read. */
  | { kind: "absent"; log: LogName; why: Absence; seconds: number };

/** Why a log has no live end: its host is away; its file has lost its name, is not there, cannot be read; it is not offered. */
export type Absence = "agent_lost" | "gone" | "waiting" | "error" | "not_offered";

/** What ends each of them. An edge ends only what concerns the agent, or reading. */
const ENDS: Readonly<Record<Absence, ReadonlySet<LiveEvent["type"]>>> = {
  agent_lost: new Set(["agent_back", "opened", "lines", "edge"]),
  gone: new Set(["opened", "rotated", "truncated"]),
  waiting: new Set(["opened", "rotated", "truncated", "lines"]),
  error: new Set(["opened", "rotated", "truncated", "lines", "edge"]),
  not_offered: new Set(["opened", "rotated", "truncated", "lines"]),
};

/** The absence that an event tells of. Who is slow to answer is not absent: the time since the last word says that. */
function absenceOf(event: LiveEvent): Absence | null {
  switch (event.type) {
    case "agent_lost":
    case "gone":
      return event.type;
    case "edge":
      return event.position === undefined && event.offset === 0 ? "waiting" : null;
    case "waiting":
    case "error":
      return hindrance(event);
    default:
      return null;
  }
}

function hindrance({ type, why }: NoteEvent): Absence | null {
  if (why === "slow_answer" || why === "busy") return null;
  if (why === "not_offered") return "not_offered";
  return why === "not_there" || (type === "waiting" && why === undefined) ? "waiting" : "error";
}

interface Edge {
  /** When the edge was confirmed, by our clock. */
  confirmed: number;
  behind: number;
  /** How much later than the quickest word this one came. */
  late: number;
  /** Arrival minus sending of the quickest word: the difference of two clocks, and the way. */
  quickest: number;
}

export class Edges {
  #edges = new Map<LogName, Edge>();
  /** When the last line or edge came. */
  #heard = new Map<LogName, number>();
  #absent = new Map<LogName, { why: Absence; since: number }>();

  /** `since`: when the connection was opened; from then on there is something to be heard. `held`: how late words may come by the nature of
   * the transport. Both in milliseconds. `half`: bytes of a log that are known to be a line without an end. */
  constructor(
    private readonly logs: readonly LogName[],
    private readonly since: number,
    private readonly held = 0,
    private readonly half: (log: LogName) => number = () => 0,
  ) {}

  /** Takes in what one event says about how current its log is. */
  take(event: Exclude<LiveEvent, { type: "bye" }>, now: number): void {
    const known = this.#absent.get(event.log);
    if (known && ENDS[known.why].has(event.type)) this.#absent.delete(event.log);
    const why = absenceOf(event);
    if (why !== null) this.#miss(event.log, why, now);
    if (event.type === "edge") this.#confirmed(event, now);
    if (event.type === "edge" || event.type === "lines") this.#heard.set(event.log, now);
  }

  #confirmed(event: EdgeEvent, now: number): void {
    const way = now - Date.parse(event.at ?? "");
    const known = this.#edges.get(event.log)?.quickest ?? Infinity;
    const quickest = Number.isNaN(way) ? known : Math.min(known, way);
    const late = Number.isNaN(way) ? 0 : way - quickest;
    this.#edges.set(event.log, { confirmed: now, behind: event.behind ?? 0, late, quickest });
  }

  /** Of a file that has gone it is told again that it is not there: gone is what it is. */
  #miss(log: LogName, why: Absence, now: number): void {
    const known = this.#absent.get(log);
    if (known?.why === "gone" && why === "waiting") return;
    this.#absent.set(log, { why, since: known?.since ?? now });
  }

  /** When the next log turns silent if nothing more is heard of it: what is said of the view has to change at that moment. */
  turnsSilent(now: number): number | null {
    const ahead = this.#present().map((log) => this.#heardOf(log) + CONFIRMED_MS).filter((at) => at > now);
    return ahead.length === 0 ? null : Math.min(...ahead);
  }

  #present(): LogName[] {
    return this.logs.filter((log) => !this.#absent.has(log));
  }

  #heardOf(log: LogName): number {
    return this.#heard.get(log) ?? this.since;
  }

  /** The worst that is true of any of the logs. */
  currency(now: number): Currency {
    const all = this.logs.map((log) => this.of(log, now));
    return all.reduce((worst, each) => (badness(each) > badness(worst) ? each : worst), { kind: "live" });
  }

  /** What is true of one log. */
  of(log: LogName, now: number): Currency {
    const absent = this.#absent.get(log);
    if (absent) return { kind: "absent", log, why: absent.why, seconds: seconds(now - absent.since) };
    const since = this.#heardOf(log);
    if (now - since >= CONFIRMED_MS) return { kind: "silent", log, seconds: seconds(now - since), since };
    const edge = this.#edges.get(log);
    // Lines without an edge for so long: it lies behind what is still on its way.
    const age = now - (edge?.confirmed ?? this.since);
    const late = Math.max(edge?.late ?? 0, age > CONFIRMED_MS ? age : 0);
    if (!edge && late === 0) return { kind: "opening" };
    const behind = edge === undefined || edge.behind === this.half(log) ? 0 : edge.behind;
    if (edge && behind === 0 && late <= LATE_MS + this.held) return { kind: "live" };
    return { kind: "behind", log, seconds: seconds(late), bytes: behind };
  }
}

const ORDER = ["live", "opening", "behind", "silent", "absent"] as const;

/** The kind decides, then the time. */
function badness(currency: Currency): number {
  return ORDER.indexOf(currency.kind) * 1e9 + ("seconds" in currency ? currency.seconds : 0);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
