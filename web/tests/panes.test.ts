import { describe, expect, test } from "vitest";
import { NO_FILTER, viewOf, type ViewAddress } from "../src/address";
import { inPanes, paneOf, resized, withPane } from "../src/panes";

const A = "web1:/a";
const B = "web2:/b";
const WHOLE: ViewAddress = { ...viewOf([A, B], { ...NO_FILTER, level: "warn" }), layout: "columns" };

describe("a pane", () => {
  test("shows its log under the filter of all, and a line only where it is in that log", () => {
    const whole = { ...WHOLE, at: "p7", in: B };
    expect(paneOf(whole, [A, B], A)).toMatchObject({ logs: [A], at: null, filter: { level: "warn" } });
    expect(paneOf(whole, [A, B], B)).toMatchObject({ logs: [B], at: "p7", filter: { level: "warn" } });
    expect(paneOf({ ...whole, in: null }, [A, B], A).at).toBe("p7");
  });

  test("has a filter of its own once it was changed there, and none again when it is that of all", () => {
    const own = { ...NO_FILTER, grep: ["x"] };
    const changed = withPane(WHOLE, B, { ...paneOf(WHOLE, [A, B], B), filter: own });
    expect(paneOf(changed, [A, B], B).filter).toEqual(own);
    expect(paneOf(changed, [A, B], A).filter).toEqual(WHOLE.filter);
    expect(paneOf({ ...changed, filter: NO_FILTER }, [A, B], B).filter).toEqual(own);
    expect(withPane(changed, B, { ...paneOf(changed, [A, B], B), filter: WHOLE.filter }).own.size).toBe(0);
  });

  test("that goes to a line is the one that the address names", () => {
    const pane = { ...paneOf(WHOLE, [A, B], B), at: "p7", in: B };
    expect(withPane(WHOLE, B, pane)).toMatchObject({ logs: [A, B], at: "p7", in: B });
    expect(withPane({ ...WHOLE, at: "p7", in: B }, A, paneOf(WHOLE, [A, B], A)), "a line elsewhere stays").toMatchObject({ at: "p7", in: B });
    expect(withPane({ ...WHOLE, at: "p7", in: B }, B, { ...pane, at: null })).toMatchObject({ at: null, in: null });
  });

  test("that was scrolled is where the address says, and no other one", () => {
    const top = { ...WHOLE, top: "p3", of: null };
    expect(paneOf(top, [A, B], A)).toMatchObject({ top: "p3", of: A });
    expect(paneOf(top, [A, B], B)).toMatchObject({ top: null, of: null });
    expect(withPane(top, B, paneOf(top, [A, B], B))).toMatchObject({ top: "p3", of: null });
    expect(withPane(top, B, { ...paneOf(top, [A, B], B), top: "p8", of: B })).toMatchObject({ top: "p8", of: B });
    expect(withPane(top, A, { ...paneOf(top, [A, B], A), top: null, of: null })).toMatchObject({ top: null, of: null });
  });
});

test("there are panes for two logs up to four, where that was asked for", () => {
  expect(inPanes(WHOLE, [A, B])).toBe(true);
  expect(inPanes(WHOLE, [A])).toBe(false);
  expect(inPanes(WHOLE, [A, B, "c:/1", "c:/2", "c:/3"])).toBe(false);
  expect(inPanes({ ...WHOLE, layout: "merged" }, [A, B])).toBe(false);
});

test("a border gives to one neighbour what it takes from the other, and leaves each a tenth", () => {
  expect(resized([0.25, 0.25, 0.5], 0, 0.1)).toEqual([0.35, 0.15, 0.5]);
  expect(resized([0.5, 0.5], 0, 0.9)[1]).toBeCloseTo(0.1);
  expect(resized([0.5, 0.5], 0, -0.9)[0]).toBeCloseTo(0.1);
});
