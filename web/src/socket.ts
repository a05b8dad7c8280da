// What the connection of a view needs of the browser: the three transports, a look aside whether a WebSocket passes, and the reason when
// there is no connection. Used by `viewer.svelte.ts` to wire up `live.ts`, which knows none of them.

import { takeAhead } from "./ahead";
import { fetchLines, Refused } from "./api";
import { Events } from "./events";
import { m } from "./language";
import type { Refusal } from "./live";
import { liveUrl, openWebSocket } from "./liveurl";
import { Polls } from "./polls";
import type { Subscription } from "./transport";
import { Ways } from "./ways";

/** For the answer to "why not", in milliseconds. */
const PATIENCE_MS = 5000;
/** Asking the same again would be answered the same: not understood, forbidden, not possible. */
const FINAL: readonly number[] = [400, 403, 422];
/** The hub has looked, and says what is wrong with a log; a live view would be told the same as an event. */
const ANSWERED: readonly number[] = [404, 409, 410];
/** How long a WebSocket that is tried aside may take to speak, in milliseconds. */
const PROBE_MS = 6000;

/** For the whole page: what was found out about the way to the hub holds for each view. */
export const ways = new Ways({
  open: {
    websocket: (subscription) => takeAhead(subscription) ?? openWebSocket(subscription),
    events: (subscription) => new Events(liveUrl(subscription)),
    polls: (subscription) => new Polls(subscription, liveUrl),
  },
  probe,
});

/** Whether a WebSocket opens and speaks. It asks for no line, and lets go with the first word. */
function probe({ logs, filter }: Subscription): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openWebSocket({ logs: logs.slice(0, 1), last: 0, filter });
    const end = (works: boolean) => {
      clearTimeout(timer);
      socket.onmessage = socket.onclose = null;
      socket.close();
      resolve(works);
    };
    const timer = setTimeout(() => end(false), PROBE_MS);
    socket.onmessage = () => end(true);
    socket.onclose = () => end(false);
  });
}

/** Asks for the same over plain HTTP, which can say why not; a refused WebSocket tells a page nothing. */
export async function whyRefused({ logs, filter }: Subscription): Promise<Refusal> {
  const first = logs[0];
  try {
    if (first) await fetchLines(first.log, { last: 1 }, filter, AbortSignal.timeout(PATIENCE_MS));
  } catch (error) {
    if (!(error instanceof Refused) || error.status === 0) return { helps: "time", words: "" };
    if (error.needsLogin) return { helps: "login", words: error.message };
    if (!ANSWERED.includes(error.status)) return { helps: FINAL.includes(error.status) ? "nothing" : "time", words: error.message };
  }
  return { helps: ways.refused() ? "now" : "time", words: m.standing_no_socket };
}
