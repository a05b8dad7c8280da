import { expect, test } from "vitest";
import { fractionAt, fractionOf, leading, offsetOf, placeOf, thumb, type Place } from "../src/fileplace";
import { Stream } from "../src/stream";
import { lines } from "./rows";

const PLACE: Place = { log: "a", total: 10_000, visible: 1000, offset: 4500, time: null, older: false };

test("the longest log leads, and none where none has a size", () => {
  expect(leading(["a", "b", "c"], new Map([["a", 5], ["b", 9]]))).toBe("b");
  expect(leading(["a"], new Map())).toBeNull();
});

test("a byte, its fraction and its place on the track are one and the same", () => {
  expect(fractionOf(PLACE)).toBe(0.5);
  expect(offsetOf(PLACE, 0.5)).toBe(4500);
  const { top, height } = thumb(PLACE, 0.5, 500);
  expect([top, height]).toEqual([225, 50]);
  expect(fractionAt(top, height, 500)).toBe(0.5);
});

test("a thumb can be caught however long the file is, and reaches both ends", () => {
  const huge = { ...PLACE, total: 1e12 };
  const { height } = thumb(huge, 0, 500);
  expect(height).toBeGreaterThanOrEqual(24);
  expect(thumb(huge, 1, 500).top + height).toBe(500);
});

test("the place is that of the lead's first line on the screen", () => {
  const stream = new Stream(["a"]);
  stream.append("a", lines(100, 200), "p200");
  const place = placeOf(stream.rows, [20, 39], "a", new Map([["a", 2000]]), () => true);
  expect(place).toMatchObject({ offset: 1200, total: 2000, older: false });
  expect(place?.visible).toBeGreaterThanOrEqual(190);
});

test("a line of an older file is before the beginning of this one", () => {
  const stream = new Stream(["a"]);
  stream.append("a", lines(0, 5), "p5");
  stream.prepend({ lines: lines(50, 60).map((line) => ({ log: "a", line })), tops: new Map() });
  const current = (row: { file: number }) => row.file === stream.file("a");
  const place = placeOf(stream.rows, [0, 3], "a", new Map([["a", 50]]), current);
  expect(place).toMatchObject({ older: true });
  expect(place && fractionOf(place)).toBe(0);
  expect(placeOf(stream.rows, [10, 12], "a", new Map([["a", 50]]), current)).toMatchObject({ older: false, offset: 0 });
});

test("where the lead has nothing on the screen nor below it, its nearest line above says where that is", () => {
  const stream = new Stream(["a", "b"]);
  stream.append("a", lines(0, 10), "p10");
  stream.append("b", lines(0, 50), "p50");
  expect(placeOf(stream.rows, [40, 55], "a", new Map([["a", 1000]]), () => true)).toMatchObject({ log: "a", offset: 90 });
});
