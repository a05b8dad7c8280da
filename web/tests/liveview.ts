// A connection over sockets that a test opens, fills and ends by itself.

import { vi } from "vitest";
import { NO_FILTER } from "../src/address";
import { Live, type Refusal } from "../src/live";
import type { LiveEvent } from "../src/shapes";
import type { Socket, Subscription } from "../src/transport";

export const A = "web1:/a";
export const B = "web1:/b";

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  readonly said: string[] = [];

  constructor(readonly asked: Subscription) {}

  close(): void {
    this.closed = true;
  }
  send(text: string): void {
    this.said.push(text);
  }
  says(event: LiveEvent): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }
  get positions() {
    return this.asked.logs.map(({ from }) => from);
  }
}

export function view(logs = [A]) {
  const sockets: FakeSocket[] = [];
  const events: LiveEvent[] = [];
  const why: Refusal = { helps: "time", words: "the hub is full" };
  const live = new Live({
    half: () => 0,
    open: (subscription) => {
      const socket = new FakeSocket(structuredClone(subscription));
      sockets.push(socket);
      return socket;
    },
    event: (event) => events.push(event),
    changed: () => {},
    whyRefused: async () => why,
  });
  live.start({ logs: logs.map((log) => ({ log, from: null })), last: 200, filter: NO_FILTER });
  const last = () => sockets.at(-1) as FakeSocket;
  return { live, sockets, events, last, why };
}

/** Lets a connection end and waits for the next attempt; tells how long that was. */
export async function fail(live: Live, socket: FakeSocket): Promise<number> {
  socket.onclose?.();
  await vi.advanceTimersByTimeAsync(0);
  if (live.state.kind !== "waiting") throw new Error(live.state.kind);
  const pause = live.state.until - Date.now();
  await vi.advanceTimersByTimeAsync(pause);
  return pause;
}

export const edge = (log: string, extra = {}): LiveEvent => ({
  type: "edge",
  log,
  offset: 10,
  at: new Date().toISOString(),
  ...extra,
});
