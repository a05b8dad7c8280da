import { expect, test } from "vitest";
import { NO_FILTER, parseAddress, viewOf } from "../src/address";
import { matcher } from "../src/find";
import { asHighlight, MOST_LIT, nameOf, ofWords, selectedWords, typedAs, withOne } from "../src/highlights";
import { lampsOf } from "../src/lights";
import { paneOf, withPane } from "../src/panes";

test("what was looked for is highlighted as it was looked for, and comes back as it was typed", () => {
  for (const [pattern, ignoreCase, kept] of [["Time ?out", true, "(?i)Time ?out"], ["Timeout", false, "Timeout"]] as const) {
    expect(asHighlight(pattern, ignoreCase)).toBe(kept);
    expect(typedAs(kept)).toEqual({ pattern, ignoreCase });
    expect(matcher(kept, false)?.test("a timeout")).toBe(ignoreCase);
  }
});

test("selected words are looked for as they stand, whatever signs are in them", () => {
  const words = "GET /a.b?c=[1]|{2}^$\\ (3)*+";
  const regex = matcher(ofWords(words), false);
  expect(regex?.exec(`> ${words} <`)?.[0]).toBe(words);
  expect([nameOf(ofWords(words)), nameOf("(?i)a.b\\d"), nameOf("a\\.b|c")]).toEqual([words, "a.b\\d", "a\\.b|c"]);
  expect(matcher(ofWords("a.b"), false)?.test("axb")).toBe(false);
});

test("a selection of nothing, of several lines, or of more than a word or two is none to highlight", () => {
  const of = (text: string) => selectedWords({ toString: () => text } as Selection);
  expect([of("  "), of("a\nb"), of("x".repeat(201)), of(" req-42 ")]).toEqual([null, null, null, "req-42"]);
});

test("each is there once, and there are no more than colours", () => {
  let lit: readonly string[] = [];
  for (let i = 0; i < MOST_LIT; i++) lit = withOne(lit, `p${i}`) ?? [];
  expect(lit).toHaveLength(MOST_LIT);
  expect(withOne(lit, "p0")).toEqual(lit);
  expect(withOne(lit, "one more")).toBeNull();
  const many = Array.from({ length: 9 }, (_, i) => `lit=${i}`).join("&");
  expect(parseAddress(new URL(`http://hub/logs?log=a:/b&${many}`), "/")).toMatchObject({ lit: ["0", "1", "2", "3", "4", "5"] });
});

test("a pattern that the browser does not know lights up nothing, and the others keep their colours", () => {
  expect(lampsOf(NO_FILTER, ["(", "b"]).map(({ name, pattern }) => [name, pattern.words])).toEqual([["lit-1", "b"]]);
});

test("of a filter no more is lit up than the hub takes", () => {
  const grep = Array.from({ length: 1000 }, (_, i) => `p${i}`);
  expect(lampsOf({ ...NO_FILTER, grep }, ["b"]).length).toBe(17);
});

test("what is highlighted in one pane is highlighted in all", () => {
  const whole = { ...viewOf(["a:/x", "b:/y"]), layout: "columns" as const };
  const next = withPane(whole, "b:/y", { ...paneOf(whole, whole.logs, "b:/y"), lit: ["req-42"] });
  expect(paneOf(next, next.logs, "a:/x").lit).toEqual(["req-42"]);
});
