import { expect, test } from "vitest";
import { withinGap } from "../src/gap";
import type { GapMark } from "../src/marks";
import { line, page } from "./rows";

const gap: GapMark = { kind: "gap", from: "p10", to: "p20", bytes: 100, words: "100 B were skipped" };
const spoken = (found: ReturnType<typeof withinGap>) => [found.lines[0]?.text, found.lines.at(-1)?.text, found.lines.length];

test("a gap that fits into a page is closed by it, and what lies behind is not shown twice", () => {
  const found = withinGap(page("a", 10, 40, 90), gap, line(20));
  expect(spoken(found)).toEqual(["line 10", "line 19", 10]);
  expect(found.rest).toBeNull();
});

test("what is left of a larger one is a smaller gap", () => {
  const found = withinGap(page("a", 10, 15, 90), gap, line(20));
  expect(spoken(found)).toEqual(["line 10", "line 14", 5]);
  expect(found.rest).toMatchObject({ from: "p15", to: "p20", bytes: 60 });
});

test("a page that ends where the gap ends closes it", () => {
  expect(withinGap(page("a", 10, 20, 90), gap, null).rest).toBeNull();
});

test("the row below ends a gap whose end is spelled otherwise", () => {
  const found = withinGap(page("a", 10, 40, 90), { ...gap, to: "elsewhere" }, line(18));
  expect(found).toMatchObject({ rest: null });
  expect(found.lines.length).toBe(8);
});

test("nothing left to read closes it, and so does a page that leads nowhere", () => {
  expect(withinGap(page("a", 10, 15, 15), gap, null).rest).toBeNull();
  expect(withinGap({ log: "a", lines: [], before: null, after: "p10", end: false }, gap, null).rest).toBeNull();
});

test("what came late into a file that was left ends with that file, though its page goes on in the next one", () => {
  const both = { ...page("a", 10, 40, 90), marks: [{ type: "rotated", at: "p13" }] };
  const found = withinGap(both, { ...gap, to: "elsewhere", why: "late_writer" }, null);
  expect(spoken(found)).toEqual(["line 10", "line 12", 3]);
  expect(found.rest).toBeNull();
  expect(withinGap(both, gap, line(20)).lines.length).toBe(10);
});
