import { expect, test } from "vitest";
import { DEFAULTS, optionsOf } from "../src/options";
import { ago, told } from "../src/when";
import { line } from "./rows";

const at = (text: string, time: string | null = "2026-01-01T00:00:01.123Z") => line(1, { text, time });

test.each([
  ["2026-01-01T02:00:01.123+02:00 INFO a", "2026-01-01T02:00:01.123+02:00"],
  ["2026-01-01 02:00:01,123 ERROR b", "2026-01-01 02:00:01,123"],
  ['127.0.0.1 - - [10/Oct/2025:13:55:36 -0700] "GET / HTTP/1.1" 500 12', "10/Oct/2025:13:55:36 -0700"],
  ["Jan  1 00:00:03 web1 app[3]: hi", "Jan  1 00:00:03"],
  ["E0101 00:00:00.000000 1 a.go:1] klog", "0101 00:00:00.000000"],
  ['{"level":30,"time":1767225600123,"msg":"pino"}', "1767225600123"],
  ["\u001b[2m2026-01-01T00:00:01Z\u001b[0m coloured", "2026-01-01T00:00:01Z"],
  ["nothing that is known", "2026-01-01 00:00:01.123Z"],
])("the log's own time is as the line has it: %s", (text, own) => {
  expect(told(at(text), "written")).toEqual({ date: "", time: own });
});

test("a time is told in UTC or by this browser's clock, the date apart", () => {
  expect(told(at("x"), "utc")).toEqual({ date: "2026-01-01", time: "00:00:01.123Z" });
  const here = told(at("x"), "browser");
  expect(new Date(`${here?.date}T${here?.time}`).toISOString()).toBe("2026-01-01T00:00:01.123Z");
});

test("a line without a time has none, however it is shown", () => {
  for (const zone of ["browser", "utc", "written"] as const) expect(told(at("02:00:00", null), zone)).toBeNull();
  expect(ago(at("x", null), 0)).toBeNull();
});

test("how long ago a line was written is told in words, also by a clock that is ahead", () => {
  const now = Date.parse("2026-01-01T00:00:04.123Z");
  expect([ago(at("x"), now), ago(at("x"), now + 7_200_000), ago(at("x"), now - 5000)]).toEqual(["3 s ago", "2 h ago", "in 2 s"]);
});

test("stored options that make no sense are as if nothing were stored", () => {
  expect(["", "null", "[]", "no json", '{"wrap":"no","time":"x"}', null].map(optionsOf)).toEqual(Array(6).fill(DEFAULTS));
  expect(optionsOf('{"wrap":false,"time":"relative","zone":"utc"}')).toEqual({ ...DEFAULTS, wrap: false, time: "relative", zone: "utc" });
});
