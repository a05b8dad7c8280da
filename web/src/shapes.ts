// What the hub says, as types: the shapes of `/api/v1`, and the one place where text from the socket becomes one of them.
// On the path of a line this is the door of the page. It refuses frames that are not an event it knows, and keeps no state.
//
// Positions are opaque here: they are kept, compared for equality and sent back, never looked into.
// Offsets are numbers and may be rounded beyond 2^53: they are shown and compared, never the ground for reading on.

import type { components } from "./generated/openapi";

type Schemas = components["schemas"];

/** How a request arrived at the hub, and what was seen of it there. */
export type Arrived = Schemas["Arrived"];
export type Connection = Schemas["Connection"];

/** A place in a log, spelled by the hub. */
export type Position = string;

/** `HOST:NAME`; the first colon divides. */
export type LogName = string;

/** From the least to the most urgent: a filter for one means that one and all after it. */
export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type Level = (typeof LEVELS)[number];

/** One line of a log. `text` is UTF-8; where that lost something, `bytes` holds the truth in base64. */
export interface Line {
  /** Where this line starts. */
  position: Position;
  offset: number;
  /** RFC 3339, or null where the line names no time. */
  time: string | null;
  level: Level | null;
  text: string;
  bytes?: string;
  /** A carriage return stands behind the text. */
  cr?: boolean;
  /** The line's true length in bytes, where `text` is only its beginning. */
  cut?: number;
}

/** A page of history. `before` and `after` go on from it and are null at either end of what is on the disk. */
export interface LinesPage {
  log: LogName;
  lines: Line[];
  before: Position | null;
  /** Where the next line starts; at the start of a last line that has no end yet and is in the page as it stands. */
  after: Position | null;
  /** The last line that exists is in this page. */
  end: boolean;
  /** A bound on the work ended it before its lines were found. */
  limited?: boolean;
  /** Bytes that were looked through. */
  scanned?: number;
  /** Where a file of the log ends: the first line of the next one. */
  marks?: { type: string; at: Position }[];
}

/** One row of the list of logs. */
export interface LogEntry {
  log: LogName;
  /** Bytes; null for a log that has no size, or that cannot be read. */
  size: number | null;
  /** RFC 3339. */
  modified: string | null;
  /** Written to a moment ago. */
  active: boolean;
  /** Why it cannot be read, in words; null when it can. */
  unreadable: string | null;
}

export interface LogsPage {
  logs: LogEntry[];
  /** Ask on with it; null on the last page. */
  next: string | null;
  /** Hosts that did not answer, and why. */
  missing?: { host: string; words: string; why?: string }[];
}

export interface HostEntry {
  name: string;
  state: "up" | "lost";
  /** RFC 3339. */
  since: string;
  /** As its administrator wrote them. */
  labels?: Readonly<Record<string, unknown>>;
  /** Why it is lost. */
  words?: string;
  why?: string;
}

/** What may befall a log besides lines, told with words for a person. */
export const NOTES = [
  "lost",
  "rotated",
  "truncated",
  "gone",
  "waiting",
  "unfinished",
  "polling",
  "agent_lost",
  "agent_back",
  "limit",
  "error",
] as const;
export type NoteKind = (typeof NOTES)[number];

export interface LinesEvent {
  type: "lines";
  log: LogName;
  /** Where the next line starts: what to resume from. */
  position: Position;
  lines: Line[];
}
export interface OpenedEvent {
  type: "opened";
  log: LogName;
}
/** The agent's word on where the log ends. It travels in order, so all lines before it have been sent. */
export interface EdgeEvent {
  type: "edge";
  log: LogName;
  offset: number;
  /** RFC 3339, by the agent's clock. */
  at?: string | null;
  /** Bytes on the disk that have not been sent yet. */
  behind?: number;
  position?: Position;
}
/** Bytes that were not sent and can still be read: `[from, to)`. */
export interface GapEvent {
  type: "gap";
  log: LogName;
  from: Position;
  to: Position;
  bytes?: number | null;
  words: string;
  /** Why, as a word: `fast_log`, `late_writer`, `slow_link`, `slow_viewer`. */
  why?: string;
}
export interface NoteEvent {
  type: NoteKind;
  log: LogName;
  words: string;
  bytes?: number | null;
  /** Why, as a word (`openapi.json` has them all); a newer hub may have more. */
  why?: string;
  /** Where the log goes on behind what happened. */
  to?: Position;
}
/** The hub is about to close the connection. */
export interface ByeEvent {
  type: "bye";
  retry_ms: number;
  words: string;
  /** `full`: there is no room for this view now; `crowded`: not for one more from this address. Nothing: the hub restarts. */
  why?: string;
}
export type LiveEvent = LinesEvent | OpenedEvent | EdgeEvent | GapEvent | NoteEvent | ByeEvent;

/**
 * Reads one text frame. Null for what this page does not know: within v1 the hub may add kinds of events,
 * and an older page in an open tab has to live with that.
 */
export function parseEvent(frame: string): LiveEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return null;
  }
  return isRecord(value) && isEvent(value) ? (value as unknown as LiveEvent) : null;
}

function isEvent(value: Record<string, unknown>): boolean {
  if (value["type"] === "bye") return typeof value["retry_ms"] === "number";
  if (typeof value["log"] !== "string") return false;
  switch (value["type"]) {
    case "lines":
      return typeof value["position"] === "string" && Array.isArray(value["lines"]);
    case "edge":
      return typeof value["offset"] === "number";
    case "gap":
      return typeof value["from"] === "string" && typeof value["to"] === "string";
    case "opened":
      return true;
    default:
      return (NOTES as readonly unknown[]).includes(value["type"]);
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
