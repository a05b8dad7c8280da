// The connection of the first view, opened while the rest of the program is still on its way: its lines come while scripts are read and
// the page is built, and stand in the first picture. Between `early.ts`, which opens it, and `socket.ts`, which asks for the same a little
// later and is handed it with all that has happened to it. What nobody asks for in time, or is too much to keep, is let go: then the page
// opens a connection of its own, as for every view after the first.

import type { ViewAddress } from "./address";
import { LAST, liveUrl, openWebSocket } from "./liveurl";
import type { Subscription } from "./transport";

/** Kept until the program is there, in characters. */
const MOST = 8 << 20;
/** A program that is not there by then has been kept from it, in milliseconds. */
const PATIENCE_MS = 20_000;
const EVENTS = ["open", "message", "close"] as const;
/** The page waits so long at most for what stands in its first picture, in milliseconds: one that is empty first is built twice. */
const FIRST_MS = 40;

/** What a view asks for first where it is one log at its live end. Any other begins with pages over HTTP. */
function firstOf({ logs, matches, at, filter }: ViewAddress): Subscription | null {
  const [log, ...others] = logs;
  if (log === undefined || others.length + matches.length > 0 || at !== null) return null;
  return { logs: [{ log, from: null }], last: LAST, filter };
}

/** A socket whose events are kept until somebody listens. */
class Ahead {
  readonly #socket: WebSocket;
  readonly #happened: Event[] = [];
  readonly #timer = setTimeout(letGo, PATIENCE_MS);
  readonly #keep = (event: Event): void => this.#take(event);
  #kept = 0;
  #speaks: () => void = () => {};
  /** Resolves once there is more to tell than that it is open; a task later, since an event that is still on its way cannot be sent again. */
  readonly spoken = new Promise<void>((resolve) => (this.#speaks = () => setTimeout(resolve)));

  constructor(readonly subscription: Subscription) {
    this.#socket = openWebSocket(subscription);
    for (const type of EVENTS) this.#socket.addEventListener(type, this.#keep);
  }

  /** Its handlers are to be set now, before they are told all from the beginning. */
  handOver(): WebSocket {
    const [socket, happened] = [this.#socket, this.#happened];
    this.#end();
    queueMicrotask(() => {
      for (const event of happened) socket.dispatchEvent(event);
    });
    return socket;
  }

  drop(): void {
    this.#end();
    this.#socket.close();
  }

  #take(event: Event): void {
    this.#happened.push(event);
    if (event.type !== "open") this.#speaks();
    if (event instanceof MessageEvent) this.#kept += String(event.data).length;
    if (this.#kept > MOST) letGo();
  }

  #end(): void {
    clearTimeout(this.#timer);
    for (const type of EVENTS) this.#socket.removeEventListener(type, this.#keep);
  }
}

let ahead: Ahead | null = null;

/** Asks for what a view will ask for. */
export function openAhead(address: ViewAddress): void {
  const subscription = firstOf(address);
  if (subscription) ahead = new Ahead(subscription);
}

/** Soon: by then the first lines are there, if they are quick. */
export async function firstLines(): Promise<void> {
  if (ahead) await Promise.race([ahead.spoken, new Promise((soon) => setTimeout(soon, FIRST_MS))]);
}

/** The connection that was opened ahead for this; null where there is none. Once: afterwards there is none. */
export function takeAhead(subscription: Subscription): WebSocket | null {
  if (ahead && liveUrl(ahead.subscription) !== liveUrl(subscription)) letGo();
  const socket = ahead?.handOver() ?? null;
  ahead = null;
  return socket;
}

function letGo(): void {
  ahead?.drop();
  ahead = null;
}
