import { describe, expect, test } from "vitest";
import type { Descriptors, HubNow } from "../src/hubshapes";
import { agentCommand, beat, hubUrl, isHere, isSilent, KEPT, level, patterns, places, quoted, raised, STILL, summary, timeLeft, tokenCommand, type Sample } from "../src/pulse";

/** The hub so many seconds after noon. */
function hub(seconds: number, counters: { lines: number; bytes: number }, started = "2026-11-26T11:00:00Z"): HubNow {
  const now = new Date(Date.UTC(2026, 10, 26, 12) + seconds * 1000).toISOString();
  return { now, started, counters, viewers: { open: 3 }, descriptors: { used: 20 } } as HubNow;
}

describe("rates", () => {
  test("are what came between two answers, by the hub's own clock", () => {
    const first = beat(STILL, hub(0, { lines: 100, bytes: 1000 }));
    expect(first.samples.at(-1)?.values).toEqual({ lines: null, bytes: null, viewers: 3, descriptors: 20 });
    const second = beat(first, hub(2, { lines: 300, bytes: 5000 }));
    expect(second.samples.at(-1)?.values).toMatchObject({ lines: 100, bytes: 2000 });
  });

  test("are not told over a start of the hub, whose counters begin anew", () => {
    const before = beat(beat(STILL, hub(0, { lines: 0, bytes: 0 })), hub(2, { lines: 1000, bytes: 1 }));
    const after = beat(before, hub(4, { lines: 2, bytes: 1 }, "2026-11-26T12:00:03Z"));
    expect(after.samples.at(-1)?.values).toMatchObject({ lines: null, bytes: null });
    expect(after.samples).toHaveLength(3);
    expect(beat(after, hub(6, { lines: 6, bytes: 1 }, "2026-11-26T12:00:03Z")).samples.at(-1)?.values.lines).toBe(2);
  });

  test("begin anew when the hub's clock was set back", () => {
    const before = beat(STILL, hub(100, { lines: 0, bytes: 0 }));
    const after = beat(before, hub(10, { lines: 10, bytes: 0 }));
    expect(after.samples).toHaveLength(1);
    expect(after.samples[0]?.values.lines).toBeNull();
  });

  test("are kept for some minutes and no longer", () => {
    let pulse = STILL;
    for (let n = 0; n < KEPT + 20; n++) pulse = beat(pulse, hub(2 * n, { lines: n, bytes: n }));
    expect(pulse.samples).toHaveLength(KEPT);
    expect(summary(pulse.samples, "lines")).toEqual({ now: 0.5, least: 0.5, most: 0.5, seconds: 2 * (KEPT - 1) });
  });

  test("are summed up as nothing while there are none", () => {
    expect(summary(beat(STILL, hub(0, { lines: 1, bytes: 1 })).samples, "lines")).toBeNull();
  });
});

test("descriptors are worth a word from 70, 85 and 95 percent on", () => {
  const at = (used: number): string => level(budget(used));
  expect([at(0), at(69), at(70), at(84), at(85), at(94), at(95), at(100)]).toEqual(["fine", "fine", "watch", "watch", "warn", "warn", "full", "full"]);
  expect(level({ used: 3, limit: 0, classes: [] })).toBe("full");
});

/** Of a limit of 100, with 30 promised to tails and as many viewers as are used. */
function budget(used: number, tails = 0): Pick<Descriptors, "used" | "beyond" | "limit" | "classes"> {
  const row = (name: string, used: number, floor: number) => ({ class: name, used, floor, ceiling: 100 });
  return { used, beyond: 0, limit: 100, classes: [row("tails", 0, tails), row("viewers", used, 5)] };
}

test("viewers without a place are worth the last word, however much is promised to others", () => {
  expect([level(budget(40, 30)), level(budget(49, 30)), level(budget(70, 30))]).toEqual(["fine", "watch", "full"]);
});

test("what has a number above the limit takes no room under it", () => {
  const lowered = { ...budget(160), beyond: 120 };
  expect([level(lowered), places(lowered)]).toEqual(["watch", { taken: 160, all: 220 }]);
});

test("time left is told of what rises, and not of what comes and goes", () => {
  const samples = (used: (n: number) => number): Sample[] =>
    Array.from({ length: 40 }, (_, n) => ({ at: 2 * n, values: { lines: null, bytes: null, viewers: 0, descriptors: used(n) } }));
  expect(timeLeft(samples((n) => 10 + n), budget(49))).toBeCloseTo(102, 5);
  expect(timeLeft(samples(() => 49), budget(49))).toBeNull();
  expect(timeLeft(samples((n) => 10 + (n % 20)), budget(49))).toBeNull();
  expect(timeLeft(samples((n) => 10 + n).slice(0, 20), budget(30))).toBeNull();
  expect(timeLeft(samples((n) => 10 + n), { ...budget(49), limit: 100_000 })).toBeNull();
});

test("commands hold whatever is put into them as one word of a shell", () => {
  expect(tokenCommand("web1")).toBe("tailcast token add --agent web1");
  expect(tokenCommand("web*; rm -rf ~")).toBe("tailcast token add --agent 'web*; rm -rf ~'");
  expect(quoted("it's")).toBe("'it'\\''s'");
  expect(agentCommand("https://logs.example.org/tailcast", "tailcast_abc")).toBe(
    "TAILCAST_TOKEN=tailcast_abc tailcast agent --hub https://logs.example.org/tailcast /var/log",
  );
});

test("the hub's address is that of the page without a slash at its end", () => {
  expect(hubUrl("https://logs.example.org/")).toBe("https://logs.example.org");
  expect(hubUrl("http://10.0.0.1:8514/tailcast/")).toBe("http://10.0.0.1:8514/tailcast");
  expect(["http://127.0.0.1:1", "http://localhost:8514/", "http://[::1]:1", "http://10.0.0.1"].map(isHere)).toEqual([true, true, true, false]);
});

test("patterns are typed with spaces or commas between them, each once", () => {
  expect(patterns("  web1, db*\tweb1 ,")).toEqual(["web1", "db*"]);
  expect(patterns(" ")).toEqual([]);
});

test("a link is silent once it has missed the sign of life that it is asked for, and the hub's own never is", () => {
  const link = (silent_milliseconds: number | null) => ({ link: { own: false, hub: null, client: null, received: 0, sent: 0, silent_milliseconds, round_trip_microseconds: null } });
  expect([null, 0, 16_000, 32_000].map((ms) => isSilent(link(ms)))).toEqual([false, false, false, true]);
  expect(isSilent({ link: null })).toBe(false);
});

test("what raises the limit at once leaves the hard limit where it is, and takes root where that is reached", () => {
  expect(raised({ limit: 64, hard: 4096, pid: 7 })).toBe("prlimit --pid 7 --nofile=4096:");
  expect(raised({ limit: 4096, hard: 4096, pid: 7 })).toBe("prlimit --pid 7 --nofile=65536");
  expect(raised({ limit: 65_536, hard: 65_536, pid: 7 })).toBe("prlimit --pid 7 --nofile=131072");
  expect(raised({ limit: 1024, hard: 2 ** 30, pid: 7 })).toBe("prlimit --pid 7 --nofile=1048576:");
  expect(raised({ limit: 2 ** 20, hard: 2 ** 30, pid: 7 })).toBeNull();
});
