import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { A, edge, fail, view } from "./liveview";
import { lines } from "./rows";

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
afterEach(() => vi.useRealTimers());

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
