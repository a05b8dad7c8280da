import { expect, test } from "vitest";
import { isBroken, matcher, spans } from "../src/find";

test("a pattern of the hub is one of the browser's, with the case as it was chosen", () => {
  expect(matcher("Disk", true)?.test("a disk")).toBe(true);
  expect(matcher("Disk", false)?.test("a disk")).toBe(false);
  expect(matcher("(?i)Disk", false)?.test("a disk")).toBe(true);
  expect(matcher("(?P<n>\\d+) ms", false)?.test("15 ms")).toBe(true);
  expect(matcher("\\Aline", false)?.test("a line")).toBe(false);
});

test("what the browser does not know, and nothing, finds nothing here", () => {
  expect(matcher("", false)).toBeNull();
  expect(matcher("(unclosed", false)).toBeNull();
  expect(matcher("(?x) a b", false)).toBeNull();
});

test("each hit in a line has its place, and a match of nothing is none", () => {
  expect(spans(/o/g, "foo boo")).toEqual([[1, 2], [2, 3], [5, 6], [6, 7]]);
  expect(spans(/x*/g, "axxa")).toEqual([[1, 3]]);
});

test("half a pattern is surely none, and what only the host can judge is left to it", () => {
  for (const half of ["order[", "(a|b", "*error*", "a|+", "x\\", "a{2,1}"]) expect([half, isBroken(half)]).toEqual([half, true]);
  for (const whole of ["", "order[ =]200", "(?x) a b", "(?P<n>\\d+)", "[[:alpha:]]", "\\pL", "a{2,}", "{", `(${"x".repeat(300)}`]) expect([whole, isBroken(whole)]).toEqual([whole, false]);
});
