// What the connection of a view needs of the browser: a socket, and the reason when there is none.
// Used by `viewer.svelte.ts` to wire up `live.ts`, which knows neither.

import { fetchLines, liveUrl, Refused } from "./api";
import { m } from "./language";
import { PROTOCOL, type Refusal, type Subscription } from "./live";

/** For the answer to "why not", in milliseconds. */
const PATIENCE_MS = 5000;
/** Asking the same again would be answered the same: not understood, forbidden, not possible. */
const FINAL: readonly number[] = [400, 403, 422];

export function openSocket({ logs, last, filter }: Subscription): WebSocket {
  return new WebSocket(liveUrl(logs, last, filter), PROTOCOL);
}

/** Asks for the same over plain HTTP, which can say why not; a refused WebSocket tells a page nothing. */
export async function whyRefused({ logs, filter }: Subscription): Promise<Refusal> {
  const first = logs[0];
  try {
    if (first) await fetchLines(first.log, { last: 1 }, filter, AbortSignal.timeout(PATIENCE_MS));
    return { helps: "time", words: m.standing_no_socket };
  } catch (error) {
    if (!(error instanceof Refused) || error.status === 0) return { helps: "time", words: "" };
    if (error.needsLogin) return { helps: "login", words: error.message };
    return { helps: FINAL.includes(error.status) ? "nothing" : "time", words: error.message };
  }
}
