import { beforeEach, expect, test, vi } from "vitest";
import { viewOf, type ViewAddress } from "../src/address";

// What offers handlers reads a choice of the reader when it is loaded.
vi.hoisted(() => vi.stubGlobal("localStorage", { getItem: () => null }));
const { PASS } = await import("../src/acting.svelte");
const { ViewKeys } = await import("../src/viewkeys.svelte");
type Standing = import("../src/viewkeys.svelte").Standing;

/** What the parts were asked for, in words. */
let said: string[];
let stands: Standing;
let words: string | null;
let focused: boolean;
let bars: { find: boolean; filter: boolean };
let keys: InstanceType<typeof ViewKeys>;

const says =
  (what: string) =>
  (...more: unknown[]): void =>
    void said.push([what, ...more].join(" "));

function part<Names extends string>(name: string, ...all: Names[]): Record<Names, (...more: unknown[]) => void> {
  return Object.fromEntries(all.map((each) => [each, says(`${name}.${each}`)])) as Record<Names, (...more: unknown[]) => void>;
}

beforeEach(() => {
  [said, words, focused] = [[], null, false];
  stands = { address: viewOf(["web1:/a"]), following: true, sought: null, selected: false };
  bars = { find: true, filter: true };
  keys = new ViewKeys({
    parts: () => ({
      list: part("list", "byRows", "byPage", "sideways", "selectBy", "open", "openMenu"),
      find: bars.find ? part("find", "focus", "next", "highlight") : undefined,
      filter: bars.filter ? part("filter", "focus") : undefined,
      bar: part("bar", "options", "give"),
    }),
    stands: () => stands,
    moves: part("moves", "toStart", "toEnd", "pause"),
    go: (address, how) => {
      said.push(`go ${how}`);
      stands = { ...stands, address };
    },
    look: says("look"),
    select: (what) => {
      said.push(`select ${what}`);
      stands = { ...stands, selected: what === "all" };
    },
    connect: says("connect"),
    wrap: says("wrap"),
    words: () => words,
    letGo: () => {
      const had = focused;
      focused = false;
      return had;
    },
  });
});

function press(id: keyof ReturnType<typeof keys.handlers>): unknown {
  return keys.handlers()[id]?.();
}

const at = (change: Partial<ViewAddress>): void => void (stands = { ...stands, address: { ...stands.address, ...change } });

test.each([
  ["view.down", "list.byRows 2"],
  ["view.pageup", "list.byPage -1"],
  ["view.left", "list.sideways -1"],
  ["select.up", "list.selectBy -1"],
  ["select.all", "select all"],
  ["line.open", "list.open"],
  ["line.menu", "list.openMenu"],
  ["view.start", "moves.toStart"],
  ["view.end", "moves.toEnd"],
  ["view.options", "bar.options"],
  ["view.share", "bar.give"],
  ["view.connect", "connect"],
  ["view.wrap", "wrap"],
] as const)("%s asks %s", (id, asked) => {
  press(id);
  expect(said).toEqual([asked]);
});

test("follow stops who follows, and brings back who does not", () => {
  press("view.follow");
  stands = { ...stands, following: false };
  press("view.follow");
  expect(said).toEqual(["moves.pause", "moves.toEnd"]);
});

test("find opens its bar, which takes the focus itself where it was not there before", () => {
  bars.find = false;
  press("view.find");
  expect([keys.finding, said]).toEqual([true, []]);
  bars.find = true;
  press("view.find");
  expect(said).toEqual(["find.focus"]);
});

test("next is of what is being found, else of what was looked for last, else it asks for what", () => {
  press("view.next");
  expect([keys.finding, said]).toEqual([true, ["find.focus"]]);
  press("view.previous");
  keys.finding = false;
  stands = { ...stands, sought: "error" };
  press("view.next");
  expect(said.slice(1)).toEqual(["find.next -1", "look error 1"]);
});

test("a key that is for what is found is another one's while nothing is being found", () => {
  expect(press("found.next")).toBe(PASS);
  keys.finding = true;
  expect(press("found.previous")).not.toBe(PASS);
  expect(said).toEqual(["find.next -1"]);
});

test("highlight keeps the words that are selected, else what is being found, and no more than there are colours", () => {
  words = "no stock";
  press("view.highlight");
  expect([said, stands.address.lit.length]).toEqual([["go replace"], 1]);
  words = null;
  keys.finding = true;
  press("view.highlight");
  expect(said.slice(1)).toEqual(["find.highlight"]);
  at({ lit: ["a", "b", "c", "d", "e", "f"] });
  keys.keep("one more");
  expect(said.slice(2)).toEqual([]);
});

test("the filter's and the go-to field are opened", () => {
  press("view.filter");
  press("view.goto");
  expect([keys.filtering, keys.seeking, said]).toEqual([true, true, ["filter.focus"]]);
});

test("each step back undoes one thing, the nearest first, and then it is another one's", () => {
  focused = keys.finding = true;
  stands = { ...stands, selected: true };
  at({ at: "p1", in: "web1:/a", wall: true });
  const open = (): unknown[] => [focused, keys.finding, stands.selected, stands.address.at, stands.address.wall];
  const steps = Array.from({ length: 5 }, () => {
    expect(press("back")).not.toBe(PASS);
    return open();
  });
  expect(steps).toEqual([
    [false, true, true, "p1", true],
    [false, false, true, "p1", true],
    [false, false, false, "p1", true],
    [false, false, false, null, true],
    [false, false, false, null, false],
  ]);
  expect(press("back")).toBe(PASS);
  expect(said).toEqual(["select nothing", "go replace", "go push"]);
});
