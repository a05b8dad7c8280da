import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NO_FILTER } from "../src/address";
import { Live, type Refusal } from "../src/live";
import type { LiveEvent } from "../src/shapes";
import type { Socket, Subscription } from "../src/transport";
import { lines } from "./rows";

const A = "web1:/a";
const B = "web1:/b";

class FakeSocket implements Socket {
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

function view(logs = [A]) {
  const sockets: FakeSocket[] = [];
  const events: LiveEvent[] = [];
  const why: Refusal = { helps: "time", words: "the hub is full" };
  const live = new Live({
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
async function fail(live: Live, socket: FakeSocket): Promise<number> {
  socket.onclose?.();
  await vi.advanceTimersByTimeAsync(0);
  if (live.state.kind !== "waiting") throw new Error(live.state.kind);
  const pause = live.state.until - Date.now();
  await vi.advanceTimersByTimeAsync(pause);
  return pause;
}

const edge = (log: string, extra = {}): LiveEvent => ({
  type: "edge",
  log,
  offset: 10,
  at: new Date().toISOString(),
  ...extra,
});

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
afterEach(() => vi.useRealTimers());

describe("resuming", () => {
  test("each log goes on from its own last position", async () => {
    const { last, sockets } = view([A, B]);
    expect(last().positions).toEqual([null, null]);
    last().onopen?.();
    last().says({ type: "lines", log: A, position: "a7", lines: lines(0, 1) });
    last().says({ type: "gap", log: B, from: "b1", to: "b9", bytes: 8, words: "" });
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets.length).toBe(2);
    expect(last().positions).toEqual(["a7", "b9"]);
  });

  test("what an old connection still says is not heard", async () => {
    const { last, sockets, events } = view();
    last().onopen?.();
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(500);
    sockets[0]?.says({ type: "lines", log: A, position: "a7", lines: lines(0, 1) });
    expect(events).toEqual([]);
    expect(sockets[0]?.closed).toBe(true);
  });

  test("after a stop it goes on from where it stood", () => {
    const { live, last, sockets } = view();
    last().onopen?.();
    last().says({ type: "lines", log: A, position: "a7", lines: [] });
    live.stop();
    expect(sockets[0]?.closed).toBe(true);
    expect(live.state).toEqual({ kind: "stopped" });
    live.resume();
    expect(last().positions).toEqual(["a7"]);
  });
});

describe("pauses", () => {
  test("grow while nothing works, are bounded, and never are nothing", async () => {
    const { live, last } = view();
    const pauses: number[] = [];
    for (let i = 0; i < 12; i++) pauses.push(await fail(live, last()));
    expect(pauses[0]).toBeLessThanOrEqual(500);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(6000);
  });

  test("begin anew once a connection has been good for something", async () => {
    const { live, last } = view();
    for (let i = 0; i < 6; i++) await fail(live, last());
    last().onopen?.();
    last().says(edge(A));
    last().onclose?.();
    if (live.state.kind !== "waiting") throw new Error(live.state.kind);
    expect(live.state.until - Date.now()).toBeLessThanOrEqual(500);
  });

  test("are what a hub asks for that says goodbye", () => {
    const { live, last } = view();
    last().onopen?.();
    last().says({ type: "bye", retry_ms: 5000, words: "The hub restarts." });
    last().onclose?.();
    expect(live.state).toMatchObject({ kind: "waiting", why: "bye", words: "The hub restarts." });
    expect(live.state.kind === "waiting" && live.state.until - Date.now()).toBeGreaterThanOrEqual(1000);
  });

  test("say why the hub refuses", async () => {
    const { live, last } = view();
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.state).toMatchObject({ kind: "waiting", why: "refused", words: "the hub is full" });
  });

  test("end when only a login helps", async () => {
    const { live, last, sockets, why } = view();
    why.helps = "login";
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(live.state).toEqual({ kind: "login" });
    expect(sockets.length).toBe(1);
    live.resume();
    expect(sockets.length).toBe(2);
  });

  test("end when what is asked for can never be had", async () => {
    const { live, last, sockets, why } = view();
    Object.assign(why, { helps: "nothing", words: "unclosed group" });
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(live.state).toEqual({ kind: "refused", words: "unclosed group" });
    expect(sockets.length).toBe(1);
  });
});

describe("connections that died without a word", () => {
  test("are asked for a sign of life after 15 s of silence, and left without one", async () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(edge(A));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(last().said).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(last().said).toEqual(['{"type":"ping"}']);
    expect(live.state.kind).toBe("open");
    await vi.advanceTimersByTimeAsync(7000);
    expect(live.state.kind).not.toBe("open");
  });

  test("are kept while the hub lives and only the agent is silent, for which the time goes on", async () => {
    const { live, last, sockets } = view();
    last().onopen?.();
    last().says(edge(A));
    const since = Date.now();
    for (let s = 0; s < 100; s++) {
      const asked = last().said.length;
      await vi.advanceTimersByTimeAsync(1000);
      if (last().said.length > asked) last().onmessage?.({ data: '{"type":"pong"}' });
    }
    expect(sockets.length).toBe(1);
    expect(live.currency(Date.now())).toEqual({ kind: "silent", log: A, seconds: 100, since });
  });

  test("are found also while the agent is known to be away", async () => {
    const { live, last, sockets } = view();
    last().onopen?.();
    last().says(edge(A));
    last().says({ type: "agent_lost", log: A, words: "web1 is away" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(live.currency(Date.now())).toEqual({ kind: "absent", log: A, why: "agent_lost", seconds: 10 });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sockets.length).toBeGreaterThan(1);
  });

  test("are given up while connecting, too", async () => {
    const { live, sockets } = view();
    await vi.advanceTimersByTimeAsync(10_600);
    expect(sockets.length).toBe(2);
    expect(live.state.kind).toBe("connecting");
  });
});

describe("what is claimed", () => {
  test("is live only with a word of each log within 3 s", async () => {
    const { live, last } = view([A, B]);
    last().onopen?.();
    last().says(edge(A));
    expect(live.currency(Date.now())).toEqual({ kind: "opening" });
    last().says(edge(B));
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
    await vi.advanceTimersByTimeAsync(3000);
    last().says(edge(B));
    await vi.advanceTimersByTimeAsync(1000);
    expect(live.currency(Date.now())).toEqual({ kind: "silent", log: A, seconds: 4, since: Date.now() - 4000 });
    expect(live.currencyOf(B, Date.now())).toEqual({ kind: "live" });
  });

  test("changes at the very moment at which the last word is 3 s old", async () => {
    const { live, last } = view([A, B]);
    last().onopen?.();
    last().says(edge(A));
    await vi.advanceTimersByTimeAsync(500);
    last().says(edge(B));
    expect(live.turns(Date.now())).toBe(Date.now() + 2500);
    await vi.advanceTimersByTimeAsync(2499);
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
    await vi.advanceTimersByTimeAsync(1);
    expect(live.currency(Date.now())).toEqual({ kind: "silent", log: A, seconds: 3, since: Date.now() - 3000 });
    expect(live.turns(Date.now())).toBe(Date.now() + 500);
  });

  test("is how far behind, in bytes that the agent knows and in time that words are held up", async () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(edge(A, { behind: 5_000_000 }));
    expect(live.currency(Date.now())).toEqual({ kind: "behind", log: A, seconds: 0, bytes: 5_000_000 });
    const sent = new Date().toISOString();
    await vi.advanceTimersByTimeAsync(2500);
    last().says(edge(A, { at: sent }));
    expect(live.currency(Date.now())).toEqual({ kind: "behind", log: A, seconds: 2, bytes: 0 });
  });

  test("is behind, not silent, while lines come but no edge is reached", async () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(edge(A));
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(1000);
      last().says({ type: "lines", log: A, position: `a${i}`, lines: lines(i, i + 1) });
    }
    expect(live.currency(Date.now())).toEqual({ kind: "behind", log: A, seconds: 5, bytes: 0 });
  });

  test("does not depend on whose clock is right", () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(edge(A, { at: "2019-01-01T00:00:00Z" }));
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
  });
});

describe("what is missing", () => {
  const confirmed = (extra = {}): LiveEvent => edge(A, { position: "a1", ...extra });

  test("is told for as long as it is so: an edge does not give a file its name back", async () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(confirmed());
    last().says({ type: "gone", log: A, words: "", why: "deleted" });
    last().says(confirmed());
    last().says({ type: "lines", log: A, position: "a2", lines: lines(1, 2) });
    expect(live.currency(Date.now())).toMatchObject({ kind: "absent", why: "gone" });
    await vi.advanceTimersByTimeAsync(2000);
    last().says({ type: "waiting", log: A, words: "", why: "not_there" });
    last().says(confirmed());
    expect(live.currency(Date.now())).toEqual({ kind: "absent", log: A, why: "gone", seconds: 2 });
    last().says({ type: "opened", log: A });
    last().says(confirmed());
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
  });

  test("is a file that is not there yet, also where only its agent's edge says so", () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(edge(A, { offset: 0 }));
    expect(live.currency(Date.now())).toMatchObject({ kind: "absent", why: "waiting" });
    last().says({ type: "lines", log: A, position: "a1", lines: lines(0, 1) });
    last().says(confirmed());
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
  });

  test("is a log that is not offered, and one whose agent is only slow is not missing", () => {
    const { live, last } = view([A, B]);
    last().onopen?.();
    last().says({ type: "error", log: A, words: "", why: "not_offered" });
    last().says({ type: "waiting", log: B, words: "", why: "slow_answer" });
    expect(live.currencyOf(A, Date.now())).toMatchObject({ kind: "absent", why: "not_offered" });
    expect(live.currencyOf(B, Date.now())).toEqual({ kind: "opening" });
  });

  test("is a first word that does not come: 3 s are as long for it as for any other", async () => {
    const { live, last } = view([A, B]);
    last().onopen?.();
    last().says(edge(B));
    expect(live.turns(Date.now())).toBe(Date.now() + 3000);
    await vi.advanceTimersByTimeAsync(2000);
    last().says(edge(B));
    await vi.advanceTimersByTimeAsync(1000);
    expect(live.currencyOf(A, Date.now())).toMatchObject({ kind: "silent", seconds: 3 });
    expect(live.currencyOf(B, Date.now())).toEqual({ kind: "live" });
  });
});

describe("races", () => {
  test("an edge of before says nothing about a connection of now", async () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(edge(A));
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(500);
    last().onopen?.();
    expect(live.currency(Date.now())).toEqual({ kind: "opening" });
    last().says(edge(A));
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
  });

  test("an edge that overtook its agent's return is believed, and the return tells nothing new", () => {
    const { live, last } = view();
    last().onopen?.();
    last().says({ type: "agent_lost", log: A, words: "" });
    last().says(edge(A, { position: "a1" }));
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
    last().says({ type: "agent_back", log: A, words: "" });
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
  });

  test("of two agents of one name the last word counts", () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(edge(A, { position: "a1" }));
    // The newcomer's link takes over, and the older one goes.
    last().says({ type: "agent_lost", log: A, words: "another link of this name has taken over" });
    last().says({ type: "agent_back", log: A, words: "" });
    last().says({ type: "agent_lost", log: A, words: "" });
    expect(live.currency(Date.now())).toMatchObject({ kind: "absent", why: "agent_lost" });
  });

  test("a position of another life of the file is gone on from as it was told, and never the older one again", async () => {
    const { last } = view();
    last().onopen?.();
    last().says({ type: "lines", log: A, position: "old9", lines: lines(0, 1) });
    last().says({ type: "rotated", log: A, words: "", to: "new0" });
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(500);
    expect(last().positions).toEqual(["new0"]);
    last().onopen?.();
    // What stood there is gone: the hub shows the file that is there now.
    last().says({ type: "lost", log: A, words: "" });
    last().says({ type: "lines", log: A, position: "newer5", lines: lines(0, 1) });
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(500);
    expect(last().positions).toEqual(["newer5"]);
  });

  test("what belongs to a log that is not looked at moves nothing", () => {
    const { live, last } = view();
    last().onopen?.();
    last().says(edge(A));
    last().says({ type: "agent_lost", log: B, words: "" });
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
  });
});

describe("a machine that slept", () => {
  test("connects anew at once, from where it stood", async () => {
    const { last, sockets } = view();
    last().onopen?.();
    last().says({ type: "lines", log: A, position: "a7", lines: lines(0, 1) });
    last().says(edge(A));
    // The clock goes on and the timers do not.
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sockets.length).toBe(2);
    expect(sockets[0]?.closed).toBe(true);
    expect(last().positions).toEqual(["a7"]);
  });

  test("does so also where its host was away, of which no word could come", async () => {
    const { last, sockets } = view();
    last().onopen?.();
    last().says({ type: "agent_lost", log: A, words: "" });
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sockets.length).toBe(2);
  });

  test("does not wait any longer for an attempt whose time has come", async () => {
    const { live, last, sockets } = view();
    for (let i = 0; i < 10; i++) await fail(live, last());
    last().onclose?.();
    await vi.advanceTimersByTimeAsync(0);
    const attempts = sockets.length;
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sockets.length).toBe(attempts + 1);
  });
});

describe("what ended a connection", () => {
  test("is said until there is another one, also while it is tried", async () => {
    const { live, last } = view();
    await fail(live, last());
    expect(live.state).toEqual({ kind: "connecting", after: { why: "refused", words: "the hub is full" } });
    last().onclose?.();
    expect(live.state).toMatchObject({ kind: "waiting", why: "refused", words: "the hub is full" });
  });

  test("is no fault for a minute where the hub said goodbye", async () => {
    const { live, last, why } = view();
    why.words = "";
    last().onopen?.();
    last().says({ type: "bye", retry_ms: 500, words: "" });
    await fail(live, last());
    await fail(live, last());
    expect(live.state).toEqual({ kind: "connecting", after: { why: "bye", words: "" } });
    await vi.advanceTimersByTimeAsync(80_000);
    last().onclose?.();
    expect(live.state).toMatchObject({ kind: "waiting", why: "lost" });
  });
});
