import { expect, test } from "vitest";
import { Reader } from "../src/aloud";
import { Stream } from "../src/stream";
import { line, lines } from "./rows";

const A = "web1:/a";

function following(to: number, most?: number): Stream {
  const stream = new Stream([A], most);
  stream.append(A, lines(0, to), `p${to}`);
  return stream;
}

test("nothing that was there is read, and of what comes a few lines and how many more", () => {
  const stream = following(10);
  const reader = new Reader();
  reader.begin(stream.rows);
  expect(reader.next(stream.rows)).toEqual({ lines: [], more: 0 });
  stream.append(A, lines(10, 12), "p12");
  expect(reader.next(stream.rows)).toMatchObject({ lines: [{ text: "line 10" }, { text: "line 11" }], more: 0 });
  stream.append(A, lines(12, 355), "p355");
  expect(reader.next(stream.rows)).toMatchObject({ lines: [{ text: "line 12" }, { text: "line 13" }, { text: "line 14" }], more: 340 });
  expect(reader.next(stream.rows)).toEqual({ lines: [], more: 0 });
});

test("what is read on above is not new, and where so much came that nothing known is left, all is", () => {
  const stream = following(10, 20);
  const reader = new Reader();
  reader.begin(stream.rows);
  stream.prepend({ lines: lines(0, 5).map((each) => ({ log: A, line: each })), tops: new Map() });
  expect(reader.next(stream.rows)).toEqual({ lines: [], more: 0 });
  stream.append(A, lines(10, 100), "p100");
  expect(reader.next(stream.rows)).toMatchObject({ lines: [{ text: "line 80" }, {}, {}], more: 17 });
});

test("a mark is no line, colours are not read, what is hidden is, and a long line is cut", () => {
  const stream = following(1);
  const reader = new Reader();
  reader.begin(stream.rows);
  stream.mark(A, { kind: "rotated", words: "rotated" });
  stream.append(A, [line(1, { text: "\u001b[31mred\u001b[0m \u0007" }), line(2, { text: "x".repeat(5000) })], "p3");
  const { lines: read } = reader.next(stream.rows);
  expect(read.map(({ text }) => text)).toEqual(["red \\x07", `${"x".repeat(200)}…`]);
});
