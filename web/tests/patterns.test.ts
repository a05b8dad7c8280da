import { expect, test, vi } from "vitest";
import type { Question } from "../src/answering";
import { Finder } from "../src/finder";
import { Patterns, Room, type Pattern } from "../src/patterns.svelte";
import type { LineRow } from "../src/stream";
import { line, lines } from "./rows";
import { Quick, Works } from "./fakework";

const DEADLY = "(a+)+$";

/** Patterns whose workers answer at once, but never on the deadly one. */
function patternsOf(asked: Question[] = []): Patterns {
  return new Patterns(
    () =>
      new Quick((question) => {
        asked.push(question);
        return question.pattern === DEADLY;
      }),
  );
}

function rowsOf(from: number, to: number): LineRow[] {
  return lines(from, to).map((each, id) => ({ kind: "line", id, log: "web1:/a", line: each, file: 0 }));
}

function known(pattern: Pattern | null): Pattern {
  if (!pattern) throw new Error("no pattern");
  return pattern;
}

const always = (): boolean => true;

test("the same words are the same pattern, and what the browser does not know is none", () => {
  const patterns = patternsOf();
  expect(patterns.of("a+", false)).toBe(patterns.of("a+", false));
  expect(patterns.of("a+", false)).not.toBe(patterns.of("a+", true));
  for (const none of ["", "(", "(?x) a b"]) expect(patterns.of(none, false)).toBeNull();
  const first = patterns.of("first", false);
  for (let i = 0; i < 64; i++) patterns.of(`word ${i}`, false);
  expect(patterns.of("first", false)).not.toBe(first);
});

test("plain words are looked for at once, as far as there is room, and no worker is begun for them", () => {
  const works = new Works();
  const pattern = known(new Patterns(works.start).of("line", false));
  const each = line(7);
  expect(pattern.spans.at({ line: each, text: each.text }, new Room())).toEqual([[0, 4]]);
  expect(pattern.spans.at({ line: line(8), text: "line 8" }, new Room(10))).toBeUndefined();
  expect(pattern.spans.at({ line: each, text: each.text }, new Room(0))).toEqual([[0, 4]]);
  expect(pattern.spans.at({ line: each, text: "of another text" }, new Room(0))).toBeUndefined();
  expect(works.all).toEqual([]);
});

test("what may take for ever is never run on the page: it is learned from a worker, in questions of bounded size", async () => {
  const asked: Question[] = [];
  const pattern = known(patternsOf(asked).of("(e+)+ 4", false));
  const wanted = lines(0, 700).map((each) => ({ line: each, text: each.text }));
  for (const each of wanted) expect(pattern.spans.at(each, new Room())).toBeUndefined();
  expect(await pattern.spans.learn(wanted)).toBe(true);
  expect(asked.map(({ texts }) => texts.length)).toEqual([500]);
  expect(pattern.spans.at(wanted[4]!, new Room(0))).toEqual([[3, 6]]);
  expect(pattern.spans.at(wanted[500]!, new Room(0))).toBeUndefined();

  const long = "x".repeat(200_000);
  await pattern.any.learn([1, 2, 3].map((n) => ({ line: line(n), text: long })));
  expect(asked.at(-1)?.texts.length).toBe(1);
});

test("a pattern that gets no answer is given up, and only that one, until other lines are looked at", async () => {
  vi.useFakeTimers();
  const patterns = patternsOf();
  const [deadly, good] = [known(patterns.of(DEADLY, false)), known(patterns.of("(e)+ 1", false))];
  const wanted = [{ line: line(1), text: "line 1" }];
  const [came, other] = [deadly.spans.learn(wanted), good.spans.learn(wanted)];
  await vi.advanceTimersByTimeAsync(300);
  expect([await came, await other]).toEqual([true, true]);
  expect([deadly.open, deadly.heavy, good.open]).toEqual([false, true, true]);
  expect([patterns.isHeavy(DEADLY, false), patterns.isHeavy(DEADLY, true)]).toEqual([true, false]);
  expect(good.spans.at(wanted[0]!, new Room(0))).toEqual([[3, 6]]);
  patterns.forgive();
  expect([deadly.open, patterns.isHeavy(DEADLY, false)]).toEqual([true, false]);
  vi.useRealTimers();
});

test("a pattern that is too long to be read here is read beside the page, and is none where the browser knows none", async () => {
  const pattern = known(patternsOf().of(`(${"x".repeat(300)}`, false));
  expect(pattern.regex).toBeNull();
  await pattern.any.learn([{ line: line(1), text: "line 1" }]);
  expect([pattern.open, pattern.heavy]).toEqual([false, false]);
});

for (const words of ["4$", "(4)+$"])
  test(`${words}: each line is looked at once, counted, and found from a row on, in either direction`, async () => {
    const asked: Question[] = [];
    const finder = new Finder(known(patternsOf(asked).of(words, false)));
    const rows = rowsOf(0, 2000);
    expect(await finder.look(rows, always)).toBe(true);
    expect(await finder.look(rows, always)).toBe(true);
    expect(rows.filter((row) => finder.matches(row)).length).toBe(200);
    expect(asked.flatMap(({ texts }) => texts).length).toBe(words === "4$" ? 0 : 2000);
    const [next, before] = [finder.nearest(rows, 5, 1), finder.nearest(rows, 13, -1)];
    expect([next, before]).toEqual([rows[14], rows[4]]);
    expect([finder.nearest(rows, 3, -1), finder.nearest(rows, 2000, 1), finder.nearest(rows, -1, -1)]).toEqual([null, null, null]);
  });

test("the nearest is known as soon as the lines up to it are, and not looked for once it is not wanted", async () => {
  const asked: Question[] = [];
  const finder = new Finder(known(patternsOf(asked).of("(?:1)+7$", false)));
  const rows = rowsOf(0, 5000);
  expect(finder.nearest(rows, 0, 1)).toBe("unknown");
  expect(await finder.near(rows, 0, 1, always)).toBe(rows[17]);
  expect(asked.length).toBe(1);
  expect(await finder.near(rows, 4900, -1, () => false)).toBe("unknown");
  expect(asked.length).toBe(1);
});

test("hits are found from the beginning of a line, wherever the pattern has stopped in another one", () => {
  const finder = new Finder(known(patternsOf().of("9[0-9]$", false)));
  const [row] = rowsOf(99, 100);
  expect(row && finder.matches(row, new Room())).toBe(true);
  expect(finder.pattern.spans.at({ line: line(97), text: "line 97" }, new Room())).toEqual([[5, 7]]);
});

test("with a pattern that is too heavy nothing is counted, and nothing is nearest", async () => {
  vi.useFakeTimers();
  const finder = new Finder(known(patternsOf().of(DEADLY, false)));
  const rows = rowsOf(0, 10);
  const [counted, near] = [finder.look(rows, always), finder.near(rows, 0, 1, always)];
  await vi.advanceTimersByTimeAsync(300);
  expect([await counted, await near]).toEqual([false, "unknown"]);
  vi.useRealTimers();
});
