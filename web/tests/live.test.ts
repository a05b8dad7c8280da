import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { A, B, edge, fail, view } from "./liveview";
import { lines } from "./rows";

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

  test.each(["full", "crowded"])("say that there is no room (%s), and come again when the hub asks for it", (why) => {
    const { live, last } = view();
    last().onopen?.();
    last().says({ type: "bye", retry_ms: 5000, why, words: "no room" });
    last().onclose?.();
    expect(live.state).toMatchObject({ kind: "waiting", why });
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
