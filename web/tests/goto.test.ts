import { expect, test } from "vitest";
import { viewOf } from "../src/address";
import { goalOf, isNoDay, spelled, timeNear, timesOn, type Screen } from "../src/goto";
import type { LineRow } from "../src/stream";
import { line } from "./rows";

const NOW = Date.parse("2026-11-24T03:00:00Z");
const NEAR: Screen = ["2026-11-24T03:10:00+01:00", "2026-11-24T03:10:09+01:00"];

test("the two ends have names", () => {
  expect(goalOf("start", null, NOW)).toEqual({ kind: "start" });
  expect(goalOf(" End ", null, NOW)).toEqual({ kind: "end" });
});

test("a share of the file, and nothing above all of it", () => {
  expect(goalOf("40%", null, NOW)).toEqual({ kind: "share", fraction: 0.4 });
  expect(goalOf("12,5 %", null, NOW)).toEqual({ kind: "share", fraction: 0.125 });
  expect(goalOf("140%", null, NOW)).toBeNull();
});

test("a byte, with or without a unit", () => {
  expect(goalOf("1234567", null, NOW)).toEqual({ kind: "offset", offset: 1_234_567 });
  expect(goalOf("1,234,567", null, NOW)).toEqual({ kind: "offset", offset: 1_234_567 });
  expect(goalOf("1.5 GB", null, NOW)).toEqual({ kind: "offset", offset: 1_500_000_000 });
});

test("a time of day is on the day and by the clock of the line that is read", () => {
  expect(goalOf("02:55", NEAR, NOW)).toEqual({ kind: "time", time: "2026-11-24T01:55:00.000Z" });
  expect(goalOf("2:55:30Z", NEAR, NOW)).toEqual({ kind: "time", time: "2026-11-24T02:55:30.000Z" });
  expect(goalOf("02:55", null, NOW)).toBeNull();
});

test("a time of day that is among the lines on the screen is that one, also where the first of them is of the day before", () => {
  const night: Screen = ["2026-11-26T23:53:34Z", "2026-11-27T16:46:00Z"];
  expect(goalOf("02:55", night, NOW)).toEqual({ kind: "time", time: "2026-11-27T02:55:00.000Z" });
  expect(goalOf("23:55", night, NOW)).toEqual({ kind: "time", time: "2026-11-26T23:55:00.000Z" });
  expect(goalOf("23:50", night, NOW)).toEqual({ kind: "time", time: "2026-11-26T23:50:00.000Z" });
});

test("a time is spelled by the clock of the log", () => {
  expect(spelled("2026-11-24T01:55:00.000Z", NEAR[0])).toBe("2026-11-24 02:55:00+01:00");
  expect(spelled("2026-11-24T01:55:00.000Z", "2026-11-24T00:00:00-03:30")).toBe("2026-11-23 22:25:00-03:30");
  expect(spelled("2026-11-24T01:55:00.000Z", null)).toBe("2026-11-24 01:55:00Z");
});

test("a date, with or without a time", () => {
  expect(goalOf("2026-11-20", NEAR, NOW)).toEqual({ kind: "time", time: "2026-11-19T23:00:00.000Z" });
  expect(goalOf("2026-11-20 22:10:11.5", null, NOW)).toEqual({ kind: "time", time: "2026-11-20T22:10:11.500Z" });
  expect(goalOf("2026-11-20T22:10:11+02:00", null, NOW)).toEqual({ kind: "time", time: "2026-11-20T20:10:11.000Z" });
  expect(goalOf("2026-13-40", null, NOW)).toBeNull();
});

test("a day that no calendar has is refused, and not taken for one in the next month", () => {
  for (const text of ["2026-02-30 10:00", "2026-02-29", "2026-04-31", "2026-00-10"]) {
    expect(goalOf(text, NEAR, NOW)).toBeNull();
    expect(isNoDay(text)).toBe(true);
  }
  expect(goalOf("2028-02-29", null, NOW)).toEqual({ kind: "time", time: "2028-02-29T00:00:00.000Z" });
  for (const text of ["2028-02-29", "10:00", "2026-02-3", "40%"]) expect(isNoDay(text)).toBe(false);
});

test("a byte further than the hub can count is one beyond the end", () => {
  expect(goalOf("18446744073709551615", null, NOW)).toEqual({ kind: "offset", offset: Number.MAX_SAFE_INTEGER });
});

test("a link to a line, or to a view without one, of whatever name the hub has there", () => {
  const view = viewOf(["web1:/a"]);
  expect(goalOf("https://hub/logs?log=web1:/a&at=abc.5", null, NOW)).toEqual({ kind: "link", address: { ...view, at: "abc.5" } });
  expect(goalOf("http://10.0.0.1:8514/ops/logs?log=web1:/a&grep=x", null, NOW)).toEqual({ kind: "link", address: { ...view, filter: { ...view.filter, grep: ["x"] } } });
  expect(goalOf("logs?log=web1:/a", null, NOW)).toEqual({ kind: "link", address: view });
});

test("anything else is refused", () => {
  for (const text of ["", "somewhere", "-5", "https://hub/logs", "https://hub/hosts?q=a", "?q=a"]) expect(goalOf(text, NEAR, NOW)).toBeNull();
});

test("the time near the reader is that of the first line on the screen that names one, else of the nearest", () => {
  const row = (n: number, time: string | null): LineRow => ({ id: n, kind: "line", log: "a", file: 0, line: line(n, { time }) }) as LineRow;
  const rows = [row(0, "t0"), row(1, null), row(2, "t2"), row(3, null)];
  expect(timeNear(rows, 0)).toBe("t0");
  expect(timeNear(rows, 1)).toBe("t2");
  expect(timeNear(rows, 3)).toBe("t2");
  expect(timeNear([row(0, null)], 0)).toBeNull();
});

test("the times of a screen are of its first and last line that name one", () => {
  const row = (n: number, time: string | null): LineRow => ({ id: n, kind: "line", log: "a", file: 0, line: line(n, { time }) }) as LineRow;
  const rows = [row(0, "t0"), row(1, null), row(2, "t2"), row(3, "t3"), row(4, null), row(5, "t5")];
  expect(timesOn(rows, [1, 4])).toEqual(["t2", "t3"]);
  expect(timesOn([row(0, null)], [0, 0])).toBeNull();
});

test("how long ago, by the reader's own clock, and no number of bytes is taken for one", () => {
  const at = (time: string) => ({ kind: "time", time: `2026-11-2${time}.000Z` });
  expect(goalOf("-10m", NEAR, NOW)).toEqual(at("4T02:50:00"));
  expect(goalOf("- 90 s", null, NOW)).toEqual(at("4T02:58:30"));
  expect(goalOf("10 min ago", null, NOW)).toEqual(at("4T02:50:00"));
  expect(goalOf("2 hours ago", null, NOW)).toEqual(at("4T01:00:00"));
  expect(goalOf("-1d", null, NOW)).toEqual(at("3T03:00:00"));
  expect(goalOf("10m", null, NOW)).toEqual({ kind: "offset", offset: 10_000_000 });
  expect(goalOf("-10 parsecs", null, NOW)).toBeNull();
});
