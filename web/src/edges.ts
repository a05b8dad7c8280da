// How current a view is, measured and never assumed. The agent tells the end of each log about once a second, in order
// with the lines; from when those words came, and what they said, follows what may be claimed.
// "Live" is said only while each log's edge was confirmed within 3 s. Pure but for what it has been told.

import type { EdgeEvent, LogName, NoteKind } from "./shapes";

/** Beyond this age of the last word of an agent the view is not called live, in milliseconds. */
export const CONFIRMED_MS = 3000;
/** A word that took this much longer than the quickest one was held up on its way, in milliseconds. */
const LATE_MS = 1000;

export type Currency =
  | { kind: "live" }
  /** Lines are on their way: so many bytes still lie on the disk, so late was the last word. */
  | { kind: "behind"; log: LogName; seconds: number; bytes: number }
  | { kind: "silent"; log: LogName; seconds: number }
  /** Nothing was heard yet. */
  | { kind: "opening" }
  /** The agent's link is down, or the log cannot be read. */
  | { kind: "absent"; log: LogName; why: Absence; seconds: number };

/** After one of these no word of the agent can be expected, so that silence is not a dead connection. */
const ABSENCES = ["agent_lost", "gone", "waiting", "error"] as const satisfies readonly NoteKind[];
export type Absence = (typeof ABSENCES)[number];

export function isAbsence(kind: string): kind is Absence {
  return (ABSENCES as readonly string[]).includes(kind);
}

interface Edge {
  /** When the edge was confirmed, by our clock. */
  confirmed: number;
  /** When the last word of any kind came. */
  heard: number;
  behind: number;
  /** How much later than the quickest word this one came. */
  late: number;
  /** Arrival minus sending of the quickest word: the difference of two clocks, and the way. */
  quickest: number;
}

export class Edges {
  #edges = new Map<LogName, Edge>();
  #absent = new Map<LogName, { why: Absence; since: number }>();

  constructor(private readonly logs: readonly LogName[]) {}

  confirmed(event: EdgeEvent, now: number): void {
    const way = now - Date.parse(event.at ?? "");
    const known = this.#edges.get(event.log)?.quickest ?? Infinity;
    const quickest = Number.isNaN(way) ? known : Math.min(known, way);
    const late = Number.isNaN(way) ? 0 : way - quickest;
    this.#edges.set(event.log, { confirmed: now, heard: now, behind: event.behind ?? 0, late, quickest });
    this.#absent.delete(event.log);
  }

  /** Lines came: the agent is there, whether or not they are the last ones. */
  heard(log: LogName, now: number): void {
    const edge = this.#edges.get(log);
    if (edge) edge.heard = now;
    this.#absent.delete(log);
  }

  absent(log: LogName, why: Absence, now: number): void {
    const since = this.#absent.get(log)?.since ?? now;
    this.#absent.set(log, { why, since });
  }

  present(log: LogName): void {
    this.#absent.delete(log);
  }

  /** Milliseconds since the log that has been quiet longest was heard of; null where silence is no news. */
  silence(now: number): number | null {
    const heard = [...this.#edges].filter(([log]) => !this.#absent.has(log)).map(([, edge]) => edge.heard);
    return heard.length === 0 ? null : now - Math.max(...heard);
  }

  /** When the next log turns silent if nothing more is heard of it: what is said of the view has to change at that moment. */
  turnsSilent(now: number): number | null {
    const heard = [...this.#edges].filter(([log]) => !this.#absent.has(log)).map(([, edge]) => edge.heard + CONFIRMED_MS);
    const ahead = heard.filter((at) => at > now);
    return ahead.length === 0 ? null : Math.min(...ahead);
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
    const edge = this.#edges.get(log);
    if (!edge) return { kind: "opening" };
    const quiet = now - edge.heard;
    if (quiet >= CONFIRMED_MS) return { kind: "silent", log, seconds: seconds(quiet) };
    // Lines without an edge for so long: it lies behind what is still on its way.
    const age = now - edge.confirmed;
    const late = Math.max(edge.late, age > CONFIRMED_MS ? age : 0);
    if (edge.behind === 0 && late <= LATE_MS) return { kind: "live" };
    return { kind: "behind", log, seconds: seconds(late), bytes: edge.behind };
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
