// What carries a live view from the hub to the page: the three kinds there are, and what each has to be for the connection
// (`live.ts`), which knows no difference between them. In the order of preference: a WebSocket costs both sides least; an event stream
// is a plain answer that does not end; polls are plain answers that end, and pass through whatever lets a page pass.

import type { Filter } from "./address";
import type { LogName, Position } from "./shapes";

export const TRANSPORTS = ["websocket", "events", "polls"] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface LogAt {
  log: LogName;
  /** Resume here; null opens the log with its last lines. */
  from: Position | null;
}

/** What is asked for. The connection keeps each log's `from` up to date as events come, so a poll finds here where to go on. */
export interface Subscription {
  logs: LogAt[];
  /** Lines to open a log with. */
  last: number;
  filter: Filter;
}

/** How a connection ended. */
export interface Ending {
  /** Another attempt over another transport may begin at once. */
  atOnce?: boolean;
  /** What came was held back on its way. */
  held?: boolean;
  /** The browser has no connection to spare for it. */
  full?: boolean;
}

/**
 * One connection. `onopen` comes when it has shown that it works, `onmessage` with each event as JSON text (an empty one is a sign of life
 * and nothing else), `onclose` once, at the end.
 * After `close` it says nothing more. (`never`: so that the handlers of a real WebSocket, which take more, fit.)
 */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  /** By how much words may come late by its nature, in milliseconds; none where it is not said. */
  readonly late?: number;
  /** Where nothing can be said to the hub, what is asked for comes by itself. */
  send(text: string): void;
  close(): void;
}
