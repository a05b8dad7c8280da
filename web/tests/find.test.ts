import { expect, test } from "vitest";
import { Finder, isBroken, matcher, nextIndex, spans } from "../src/find";
import { line, lines } from "./rows";

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

test("hits are found from the beginning of a line, wherever the pattern has stopped in another one", () => {
  const regex = /9[0-9]$/g;
  new Finder(regex).matches(line(99));
  expect(spans(regex, "line 97")).toEqual([[5, 7]]);
});

test("each line is looked at once", () => {
  const finder = new Finder(/4$/g);
  const all = lines(0, 50);
  expect(finder.look(all)).toBe(true);
  expect(all.filter((each) => finder.matches(each)).map(({ text }) => text)).toEqual(["line 4", "line 14", "line 24", "line 34", "line 44"]);
  const changed = line(4);
  expect(finder.matches(changed)).toBe(true);
  changed.text = "another";
  expect(finder.matches(changed)).toBe(true);
});

test("the next hit is looked for from a row on, in either direction", () => {
  const even = (n: number): boolean => n % 2 === 0;
  expect(nextIndex([1, 2, 3, 4], 0, 1, even)).toBe(1);
  expect(nextIndex([1, 2, 3, 4], 2, -1, even)).toBe(1);
  expect(nextIndex([1, 2, 3, 4], 0, -1, even)).toBe(-1);
  expect(nextIndex([1, 2, 3, 4], 9, 1, even)).toBe(-1);
});

test("half a pattern is surely none, and what only the host can judge is left to it", () => {
  for (const half of ["order[", "(a|b", "*error*", "a|+", "x\\", "a{2,1}"]) expect([half, isBroken(half)]).toEqual([half, true]);
  for (const whole of ["", "order[ =]200", "(?x) a b", "(?P<n>\\d+)", "[[:alpha:]]", "\\pL", "a{2,}", "{"]) expect([whole, isBroken(whole)]).toEqual([whole, false]);
});
