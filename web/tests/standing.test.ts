import { describe, expect, test } from "vitest";
import type { Currency } from "../src/edges";
import type { LiveState } from "../src/live";
import { standing, standingOfAll } from "../src/standing";

const A = "web1:/a";
const B = "web2:/b";
const OPEN: LiveState = { kind: "open" };
const LIVE: Currency = { kind: "live" };

describe("the word over a view", () => {
  test("is live only on the agent's word", () => {
    expect(standing(OPEN, LIVE, 0, true).words).toBe("live");
    expect(standing({ kind: "connecting", after: null }, LIVE, 0, true).words).not.toBe("live");
    expect(standing({ kind: "stopped" }, LIVE, 0, true).words).not.toBe("live");
  });

  test("is for how long nothing was heard, and of which host", () => {
    const said = standing(OPEN, { kind: "silent", log: A, seconds: 7, since: 0 }, 0, true);
    expect(said.words).toBe("no word for 7 s");
    expect(said.more).toContain("web1");
  });

  test("is how far behind, in what is known: time, bytes, or neither", () => {
    const behind = (seconds: number, bytes: number): string =>
      standing(OPEN, { kind: "behind", log: A, seconds, bytes }, 0, true).words;
    expect(behind(4, 0)).toBe("4 s behind");
    expect(behind(0, 5_000_000)).toBe("5.00 MB behind");
    expect(behind(2, 3_000_000)).toBe("2 s, 3.00 MB behind");
    expect(behind(0, 0)).toBe("a little behind");
  });

  test("counts down to the next attempt and says why there has to be one", () => {
    const waiting: LiveState = { kind: "waiting", until: 5000, why: "lost", words: "" };
    expect(standing(waiting, LIVE, 1200, true)).toMatchObject({ tone: "bad", words: "again in 4 s" });
    expect(standing(waiting, LIVE, 9000, true).words).toBe("again in 0 s");
    expect(standing({ ...waiting, why: "bye" }, LIVE, 0, true).more).toContain("hub restarts");
    expect(standing({ ...waiting, why: "full" }, LIVE, 0, true).more).toContain("no room");
    expect(standing({ ...waiting, why: "crowded" }, LIVE, 0, true).more).toContain("your network address");
    expect(standing({ ...waiting, why: "refused", words: "the hub is full" }, LIVE, 0, true).more).toBe("the hub is full");
  });

  test("is that there is no network, where there is none", () => {
    expect(standing({ kind: "waiting", until: 0, why: "lost", words: "" }, LIVE, 0, false).words).toBe("offline");
    expect(standing(OPEN, LIVE, 0, false).words, "what comes in does come in").toBe("live");
  });

  test("is read out once, and not again each second", () => {
    const silent = (seconds: number): string => standing(OPEN, { kind: "silent", log: A, seconds, since: 0 }, 0, true).said;
    expect(silent(7)).toBe(silent(8));
    const again = (now: number): string => standing({ kind: "waiting", until: 9000, why: "lost", words: "" }, LIVE, now, true).said;
    expect(again(0)).toBe(again(4000));
    expect(standing({ kind: "connecting", after: { why: "lost", words: "" } }, LIVE, 0, true).said).toBe(again(0));
    expect(standing(OPEN, { kind: "absent", log: A, why: "gone", seconds: 3 }, 0, true).said).not.toMatch(/3/);
  });

  test("is calm where the hub said that it is back soon", () => {
    expect(standing({ kind: "waiting", until: 0, why: "bye", words: "" }, LIVE, 0, true)).toMatchObject({ tone: "pending", matters: true });
  });

  test("is the worst of several logs, which one that is, and of how many all is well", () => {
    const lost: Currency = { kind: "absent", log: B, why: "agent_lost", seconds: 5 };
    const said = standingOfAll(OPEN, new Map<string, Currency>([[A, LIVE], [B, lost]]), lost, 0, true);
    expect(said.words).toBe("host away for 5 s · 1 of 2 live");
    expect(said.more).toContain("/b on web2");
    expect(standingOfAll(OPEN, new Map([[A, LIVE], [B, LIVE]]), LIVE, 0, true).words).toBe("live");
    expect(standingOfAll({ kind: "stopped" }, new Map([[A, LIVE]]), lost, 0, true).words).toBe("disconnected");
  });
});
