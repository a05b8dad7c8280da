import { expect, test } from "vitest";
import { Layout, successor } from "../src/layout";

const rows = (...ids: number[]) => ids.map((id) => ({ id }));

test("rows stand one below the other, as high as they were measured, and as guessed before that", () => {
  const layout = new Layout<{ id: number }>(() => 20);
  layout.set(rows(1, 2, 3));
  expect(layout.total).toBe(60);
  expect(layout.measured(1, [50])).toBe(true);
  expect(layout.measured(1, [50])).toBe(false);
  expect([layout.top(0), layout.top(1), layout.top(2), layout.total]).toEqual([0, 20, 70, 90]);
  layout.set(rows(0, 1, 2, 3));
  expect(layout.total).toBe(110);
  layout.forget();
  expect(layout.total).toBe(80);
});

test("what is at a height is found, also beyond both ends", () => {
  const layout = new Layout<{ id: number }>(() => 20);
  expect(layout.at(100)).toBe(0);
  layout.set(rows(1, 2, 3));
  layout.measured(1, [0.5]);
  expect([-5, 0, 19.9, 20, 20.4, 20.5, 40, 1000].map((y) => layout.at(y))).toEqual([0, 0, 0, 1, 1, 2, 2, 2]);
});

test("heights of rows that have left are not kept for ever", () => {
  const layout = new Layout<{ id: number }>(() => 20);
  for (let id = 0; id < 5000; id++) {
    layout.set(rows(id));
    layout.measured(0, [30]);
  }
  layout.set(rows(0, 4999));
  // The first has left long ago and is guessed again.
  expect(layout.total).toBe(50);
});

test("when the row that is read leaves, the one above it takes its place, else the one below", () => {
  const before = rows(1, 2, 3, 4);
  expect(successor(before, 2, rows(0, 1, 2, 3, 4))).toBe(2);
  expect(successor(before, 2, rows(1, 2, 10, 11, 4))).toBe(1);
  expect(successor(before, 2, rows(4))).toBe(3);
  expect(successor(before, 2, rows(7, 8))).toBeNull();
});
