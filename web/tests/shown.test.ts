import { expect, test } from "vitest";
import { ALL, shown } from "../src/shown";
import { Stream } from "../src/stream";
import { lines } from "./rows";

function twoLogs(): Stream {
  const stream = new Stream(["a", "b"]);
  stream.append("a", lines(0, 2), "p2");
  stream.append("b", lines(2, 5), "p5");
  return stream;
}

test("with nothing chosen the rows are shown as they are, without a copy", () => {
  const { rows } = twoLogs();
  expect(shown(rows, ALL)).toBe(rows);
});

test("a muted log is left out, and the rows that stay are the same ones", () => {
  const { rows } = twoLogs();
  const seen = shown(rows, { muted: new Set(["a"]) });
  expect(seen.map((row) => row.log)).toEqual(["b", "b", "b"]);
  expect(seen.every((row) => rows.includes(row))).toBe(true);
});
