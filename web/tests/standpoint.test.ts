import { expect, test } from "vitest";
import { formatAddress, parseAddress, viewOf, type ViewAddress } from "../src/address";
import { LIVE, spotOf, standpoint, type Sight } from "../src/standpoint";
import type { LineRow, Row } from "../src/stream";
import { line } from "./rows";

const A = "web1:/a";
const B = "web1:/b";
const view = viewOf([A, B]);
const row = (n: number, log = A): LineRow => ({ kind: "line", id: n, log, file: 0, line: line(n) });
const rows: Row[] = Array.from({ length: 100 }, (_, n) => row(n, n % 2 === 0 ? A : B));

/** What is seen of a hundred lines, of which the even ones are of the first log. */
function sees(first: number, last: number, more: Partial<Sight> = {}): Sight {
  return { rows, seen: [first, last], following: false, nearest: null, has: (position) => rows.some((each) => each.kind === "line" && each.line.position === position), ...more };
}

test("who follows has no place; who does not is where the line on top of the screen is, in its log", () => {
  expect(standpoint(view, sees(60, 99, { following: true }))).toEqual(LIVE);
  expect(standpoint(view, sees(40, 60))).toEqual({ ...LIVE, top: "p40" });
  expect(standpoint(view, sees(41, 60))).toEqual({ ...LIVE, top: "p41", of: B });
});

test("a marked line is the place while it is on the screen, goes along while it is held, and is forgotten elsewhere", () => {
  const marked: ViewAddress = { ...view, at: "p51", in: B };
  const mark = { at: "p51", in: B };
  expect(standpoint(marked, sees(40, 60))).toEqual({ ...LIVE, ...mark });
  expect(standpoint({ ...marked, top: "p10" }, sees(40, 60))).toEqual({ ...LIVE, ...mark });
  expect(standpoint(marked, sees(10, 30))).toEqual({ ...mark, top: "p10", of: null });
  expect(standpoint(marked, sees(10, 30, { has: () => false }))).toEqual({ ...LIVE, top: "p10" });
  expect(standpoint(marked, sees(60, 99, { following: true }))).toEqual(LIVE);
});

test("the line that is shown for one that a filter leaves out stands for it", () => {
  const left: ViewAddress = { ...view, at: "p50.5" };
  expect(standpoint(left, sees(40, 60, { nearest: { log: A, line: line(52) } }))).toEqual({ ...LIVE, at: "p50.5" });
});

test("before there are lines on the screen the address stays what it is", () => {
  const before: ViewAddress = { ...view, at: "p51", in: B, top: "p10" };
  const same = { at: "p51", in: B, top: "p10", of: null };
  expect(standpoint(before, null)).toEqual(same);
  expect(standpoint(before, sees(0, 0, { rows: [] }))).toEqual(same);
});

test("a place is written into the address and read out of it, and opens at the line on top before the marked one", () => {
  const place: ViewAddress = { ...view, at: "p51", in: B, top: "p10", of: B };
  const read = parseAddress(new URL(formatAddress(place), "http://hub/"), "/");
  expect(read).toEqual(place);
  expect(spotOf(place)).toEqual({ log: B, position: "p10", where: "top" });
  expect(spotOf({ ...place, top: null, of: null })).toEqual({ log: B, position: "p51", where: "middle" });
  expect(spotOf(view)).toBeNull();
});
