import { expect, test } from "vitest";
import { mergeAbove, mergeBelow, wholeLines } from "../src/merge";
import type { LinesPage } from "../src/shapes";
import type { LineOf } from "../src/stream";
import { line, page } from "./rows";

const said = (lines: LineOf[]) => lines.map(({ log, line: each }) => `${log} ${each.text.slice(5)}`);

/** A page with lines at these seconds. */
function at(log: string, times: number[], ends: Partial<LinesPage> = {}): LinesPage {
  const lines = times.map((time) => line(time));
  return { log, lines, before: `p${times[0]}`, after: `p${(times.at(-1) ?? 0) + 1}`, end: false, ...ends };
}

test("a page of one log stays as it is", () => {
  const above = mergeAbove([page("a", 3, 6, 9)]);
  expect(said(above.lines)).toEqual(["a 3", "a 4", "a 5"]);
  expect(above.tops.get("a")).toEqual({ kind: "before", position: "p3" });
});

test("going up, no line is shown above which another log may still have a later one", () => {
  const above = mergeAbove([at("a", [50, 60, 90]), at("b", [70, 80, 85])]);
  expect(said(above.lines)).toEqual(["b 70", "b 80", "b 85", "a 90"]);
  expect(above.tops.get("a")).toEqual({ kind: "before", position: "p90" });
  expect(above.tops.get("b")).toEqual({ kind: "before", position: "p70" });
});

test("a log that was read to its beginning holds nobody up", () => {
  const above = mergeAbove([at("a", [50, 60]), at("b", [70], { before: null })]);
  expect(said(above.lines)).toEqual(["a 50", "a 60", "b 70"]);
  expect(above.tops.get("b")).toEqual({ kind: "beginning" });
});

test("while a filter has found nothing in one log yet, the others wait but it gets on", () => {
  const above = mergeAbove([at("a", [50, 60]), { log: "b", lines: [], before: "p9", after: "p20", end: false }]);
  expect(above.lines).toEqual([]);
  expect(above.tops.has("a")).toBe(false);
  expect(above.tops.get("b")).toEqual({ kind: "before", position: "p9" });
});

test("going down, no line is shown below which another log may still have an earlier one", () => {
  const below = mergeBelow([at("a", [10, 20, 90]), at("b", [15, 30])]);
  expect(said(below.lines)).toEqual(["a 10", "b 15", "a 20", "b 30"]);
  expect(below.nexts.get("a")).toBe("p90");
  expect(below.nexts.get("b")).toBe("p31");
});

test("lines without a time stay with the line before them", () => {
  const trace = { ...at("a", [10, 30]), end: true };
  trace.lines.splice(1, 0, line(11, { time: null, text: "line at Main.java" }));
  const below = mergeBelow([trace, at("b", [20], { end: true })]);
  expect(said(below.lines)).toEqual(["a 10", "a at Main.java", "b 20", "a 30"]);
});

test("times that run backwards change nothing in the order of a log", () => {
  const above = mergeAbove([at("a", [50, 40, 60]), at("b", [10, 55], { before: null })]);
  expect(said(above.lines)).toEqual(["a 50", "a 40", "b 55", "a 60"]);
});

test("a last line without an end is left to the live view, which gets it whole", () => {
  const half = { ...page("a", 3, 6, 6), after: "p5" };
  expect(wholeLines(half).lines.map((each) => each.position)).toEqual(["p3", "p4"]);
  const whole = page("a", 3, 6, 6);
  expect(wholeLines(whole)).toBe(whole);
});
