import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LiveEvent } from "../src/shapes";
import { A, B, edge, view } from "./liveview";
import { lines } from "./rows";

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
afterEach(() => vi.useRealTimers());

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

  test("is live with the edge that comes right behind the first lines, before any time has passed", () => {
    const { live, last } = view();
    last().onopen?.();
    last().says({ type: "lines", log: A, position: "a2", lines: lines(0, 2) });
    expect(live.currency(Date.now())).toEqual({ kind: "opening" });
    last().says(edge(A, { position: "a2" }));
    expect(live.currency(Date.now())).toEqual({ kind: "live" });
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
