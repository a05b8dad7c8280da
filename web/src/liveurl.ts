// The address of a live view, and the WebSocket at it. It stands alone, without the words of the page, because the first view is asked
// for before the rest of the program is there (`ahead.ts`).

import { filterPairs, formatQuery, type Pair } from "./address";
import type { Turn } from "./polls";
import type { Subscription } from "./transport";

/** Where the API is, below the base. */
export const ROOT = "api/v1/";
/** Lines that a log is opened with. */
export const LAST = 200;
const PROTOCOL = "tailcast.v1.json";

/** Each log is resumed from its own position, or opened with its last lines. */
export function liveUrl({ logs, last, filter }: Subscription, turn?: Turn): string {
  const pairs = logs.flatMap(({ log, from }): Pair[] => (from === null ? [["log", log]] : [["log", log], ["from", from]]));
  const turns = turn ? [["wait", String(turn.wait)] as Pair, ["turn", turn.turn] as Pair] : [];
  const query = formatQuery([...pairs, ["last", String(last)], ...filterPairs(filter), ...turns]);
  return new URL(`${ROOT}live?${query}`, document.baseURI).href;
}

export function openWebSocket(subscription: Subscription): WebSocket {
  const url = new URL(liveUrl(subscription));
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(url, PROTOCOL);
}
