import { expect, test } from "vitest";
import { NO_FILTER } from "../src/address";
import { Folds, isFoldable } from "../src/folds";
import type { Line } from "../src/shapes";
import { Stream } from "../src/stream";
import { line } from "./rows";

const T = "2026-01-01T00:00:00Z";
/** A log of these lines; those that begin with a year have a time, and `ERROR` is a level. */
function logOf(text: string): Line[] {
  return text.split("\n").map((each, n) => line(n, { text: each, time: each.startsWith("2026") ? T : null, level: each.includes("ERROR") ? "error" : null }));
}

function folded(text: string, folds = new Folds()): string[] {
  const stream = new Stream(["a"]);
  stream.append("a", logOf(text), "end");
  const { rows, under } = folds.of(stream.rows, () => false);
  return rows.map((row) => (row.kind === "line" ? `${row.line.text.split("\n")[0]} +${under.get(row.id)?.length ?? 0}` : "mark"));
}

test.each([
  ["Java, with causes", `2026 ERROR no\njava.lang.IllegalStateException: a\n\tat x.Y.z(Y.java:3)\n\tat x.Y.w(Y.java:4)\nCaused by: java.io.IOException: b\n\tat q.R.s(R.kt:9)\n\t... 12 more\n2026 next`, ["2026 ERROR no +6", "2026 next +0"]],
  ["Java, by itself", `Exception in thread "main" java.lang.RuntimeException: a\n\tat x.Y.z(Y.java:3)\nCaused by: b.C: d\n\t... 1 more\nnext`, [`Exception in thread "main" java.lang.RuntimeException: a +3`, "next +0"]],
  [".NET", `2026 ERROR no\nSystem.InvalidOperationException: a\n ---> System.Exception: b\n   at X.Y() in /z.cs:line 3\n   --- End of inner exception stack trace ---\n   at X.Main()\n2026 next`, ["2026 ERROR no +5", "2026 next +0"]],
  ["Python, logged", `2026 ERROR no\nTraceback (most recent call last):\n  File "a.py", line 3, in b\n    c()\nValueError: d\n2026 next`, ["2026 ERROR no +4", "2026 next +0"]],
  ["Python, one after another", `Traceback (most recent call last):\n  File "a.py", line 3, in b\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 5, in b\nValueError: d\nnext`, ["Traceback (most recent call last): +8", "next +0"]],
  ["Go", `panic: oh\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/x/main.go:5 +0x1d\nmain.main()\n\t/x/main.go:9 +0x1d\ncreated by main.start in goroutine 1\n\t/x/main.go:3 +0x2\nexit status 2\nnext`, ["panic: oh +9", "next +0"]],
  ["Node", `Error: ENOENT\n    at open (node:fs:1:2)\n    at main (/app/a.js:3:4) {\n  code: 'ENOENT'\n}\nnext`, ["Error: ENOENT +4", "next +0"]],
  ["Rust", `thread 'main' panicked at src/main.rs:2:5:\nboom\nstack backtrace:\n   0: std::panicking\n             at /rustc/lib.rs:3:5\nnote: run with RUST_BACKTRACE=full\nnext`, ["thread 'main' panicked at src/main.rs:2:5: +5", "next +0"]],
  ["Ruby", `a.rb:1:in 'b': c (RuntimeError)\n\tfrom a.rb:3:in 'd'\n\tfrom a.rb:5:in '<main>'\nnext`, ["a.rb:1:in 'b': c (RuntimeError) +2", "next +0"]],
  ["indented lines under one with a time", `2026 query\n  select *\n  from x\n2026 next`, ["2026 query +2", "2026 next +0"]],
])("%s is folded under its first line", (_, text, rows) => expect(folded(text)).toEqual(rows));

test.each([
  ["an indented text in a log without times", "list\n  one\n  two"],
  ["a trace under a line that speaks of no trouble", "2026 all well\nTraceback (most recent call last):"],
  ["an exception under a line that speaks of no trouble", "2026 all well\nTypeError: x is undefined"],
  ["lines without anything in common", "a\nb()\n}\nCaused by: nothing"],
])("%s is not folded away", (_, text) => expect(folded(text)).toEqual(text.split("\n").map((each) => `${each} +0`)));

test("lines that come later join the one they go on with, and a line of another log between them changes nothing", () => {
  const [folds, stream] = [new Folds(), new Stream(["a", "b"])];
  const [head, frame, other, more] = [line(0, { text: "Error: a", time: null }), line(1, { text: "    at b (c.js:1:2)", time: null }), line(2, { text: "  of b", time: null }), line(3, { text: "    at d (e.js:1:2)", time: null })];
  const seen = (): string[] => {
    const { rows, under } = folds.of(stream.rows.slice(), () => false);
    return rows.map((row) => (row.kind === "line" ? `${row.line.text} +${under.get(row.id)?.length ?? 0}` : "mark"));
  };
  stream.append("a", [head], "p1");
  expect(seen()).toEqual(["Error: a +0"]);
  stream.append("a", [frame], "p2");
  stream.append("b", [other], "p3");
  stream.append("a", [more], "p4");
  expect(seen()).toEqual(["Error: a +2", "  of b +0"]);
});

test("what is missing between two lines ends a trace, and so does another file", () => {
  const [folds, stream] = [new Folds(), new Stream(["a"])];
  stream.append("a", logOf("Error: a"), "p1");
  stream.mark("a", { kind: "gap", from: "p1", to: "p9", bytes: 9, words: "" });
  stream.append("a", logOf("x\n    at b (c.js:1:2)").slice(1), "p10");
  expect(folds.of(stream.rows, () => false).rows).toBe(stream.rows);
});

test("an open one shows its lines as the same rows, and without any the rows are the very same", () => {
  const [folds, stream] = [new Folds(), new Stream(["a"])];
  stream.append("a", logOf("Error: a\n    at b (c.js:1:2)"), "p1");
  expect(folds.of(stream.rows, () => true).rows).toBe(stream.rows);
  expect(folds.of(stream.rows, () => true).under.size).toBe(1);
  expect([...folds.of(stream.rows, () => false).heads.keys()]).toEqual([stream.rows[1]?.id]);
});

test("under a pattern nothing is folded, since what it finds must be seen; under a level it is", () => {
  expect(isFoldable(NO_FILTER)).toBe(true);
  expect(isFoldable({ ...NO_FILTER, level: "warn" })).toBe(true);
  expect(isFoldable({ ...NO_FILTER, grep: ["at"] })).toBe(false);
  expect(isFoldable({ ...NO_FILTER, exclude: ["at"] })).toBe(false);
});

test("a busy log from which rows leave while others come is folded as if it were looked at anew", () => {
  const [folds, stream] = [new Folds(), new Stream(["a"], 3000)];
  const trace = "2026 ERROR no\njava.lang.X: y\n\tat a.b(C.java:1)\n2026 well";
  for (let n = 0; n < 200; n++) {
    const text = `${n % 3 === 0 ? trace : "2026 well\nplain"}\n`.repeat(20).trimEnd();
    stream.append("a", logOf(text).map((each, i) => ({ ...each, position: `p${n}.${i}`, offset: n * 1000 + i })), `p${n + 1}`);
    const rows = stream.rows.slice();
    const ids = (by: Folds): number[] => by.of(rows, () => false).rows.map(({ id }) => id);
    // A trace whose first line has left at the top may be folded otherwise until it leaves, too.
    expect(ids(folds).slice(4)).toEqual(ids(new Folds()).slice(-(ids(folds).length - 4)));
  }
});

test("rows that are put in another order at the end are judged by where they stand now", () => {
  const [folds, stream] = [new Folds(), new Stream(["a"])];
  stream.append("a", logOf("Error: a\n    at b (c.js:1:2)\n2026 well"), "p3");
  const [head, frame, well] = stream.rows;
  if (!head || !frame || !well) throw new Error("no rows");
  expect(folds.of([head, frame, well], () => false).heads.size).toBe(1);
  expect(folds.of([head, well, frame], () => false).under.get(head.id)).toBeUndefined();
  expect(folds.of([well, head, frame], () => false).heads.get(frame.id)).toBe(head);
});
