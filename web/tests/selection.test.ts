import { expect, test } from "vitest";
import { heldText } from "../src/copying";
import { all, endsOf, linesOf, moved, spanOf, type Selection } from "../src/selection";
import { Stream, type LineRow, type Row } from "../src/stream";
import { line, lines } from "./rows";

function held(from: number, to: number): Stream {
  const stream = new Stream(["a"]);
  stream.append("a", lines(from, to), `p${to}`);
  return stream;
}

const at = (rows: readonly Row[], index: number): LineRow => {
  const row = rows[index];
  if (row?.kind !== "line") throw new Error(`no line at ${index}`);
  return row;
};

const between = (rows: readonly Row[], anchor: number, focus: number): Selection => ({ anchor: at(rows, anchor), focus: at(rows, focus) });

test("a selection goes from one line to another, whichever came first", () => {
  const { rows } = held(0, 10);
  for (const selection of [between(rows, 2, 5), between(rows, 5, 2)]) {
    expect(spanOf(selection, rows)).toEqual([2, 5]);
    expect(linesOf(selection, rows)?.map((row) => row.line.text)).toEqual(["line 2", "line 3", "line 4", "line 5"]);
  }
});

test("what left memory is still selected, and is not said to be all there", () => {
  const before = held(0, 10).rows;
  const now = held(6, 20).rows;
  const selection = between(before, 2, 8);
  expect(spanOf(selection, now)).toEqual([0, 2]);
  expect(linesOf(selection, now)).toBeNull();
  expect(endsOf(selection, now).map((row) => row.line.text)).toEqual(["line 2", "line 8"]);
  expect(spanOf(between(before, 0, 3), now)).toBeNull();
});

test("read again from the file, a line is the same", () => {
  const selection = between(held(0, 10).rows, 2, 4);
  expect(linesOf(selection, held(0, 10).rows)?.length).toBe(3);
});

test("what lies in a gap is selected with what is around it, and has to be read", () => {
  const stream = held(0, 3);
  stream.mark("a", { kind: "gap", from: "p3", to: "p7", bytes: 40, words: "" });
  stream.append("a", lines(7, 9), "p9");
  expect(linesOf(between(stream.rows, 1, 4), stream.rows)).toBeNull();
  expect(linesOf(between(stream.rows, 4, 5), stream.rows)?.length).toBe(2);
});

test("the end that moves steps over what is no line, and stays at the last one", () => {
  const stream = held(0, 2);
  stream.mark("a", { kind: "rotated", words: "" });
  stream.append("a", lines(5, 6), "p6");
  const { rows } = stream;
  const down = moved(between(rows, 0, 1), 1, rows);
  expect(down.focus.line.text).toBe("line 5");
  expect(moved(down, 1, rows)).toBe(down);
  expect(moved(down, -1, rows).focus.line.text).toBe("line 1");
});

test("all that is held, and nothing where nothing is", () => {
  const { rows } = held(0, 3);
  const everything = all(rows);
  expect(everything && linesOf(everything, rows)?.length).toBe(3);
  expect(all([])).toBeNull();
});

test("held text is what the log says; of a cut line it is not, and of bytes that are no text it says so", () => {
  const stream = new Stream(["a"]);
  stream.append("a", [line(0), line(1, { bytes: "Yf8=" })], "p2");
  const rows = stream.rows.filter((row) => row.kind === "line");
  expect(heldText(rows)).toEqual({ text: "line 0\nline 1", lines: 2, lossy: true });
  stream.append("a", [line(2, { cut: 5_000_000 })], "p3");
  expect(heldText(stream.rows.filter((row) => row.kind === "line"))).toBeNull();
});
