import { expect, test } from "vitest";
import { memberPattern, patternOf, wordAt } from "../src/word";

test.each([
  ["GET /a/b.html?x 200", 6, "/a/b.html?x"],
  ["from 10.0.0.1:443, now", 8, "10.0.0.1:443"],
  ["user=ann id=5", 6, "ann"],
  ['{"key":"some-id_9"}', 12, "some-id_9"],
  ["the end.", 6, "end"],
  ["日志 错误: 磁盘", 4, "错误"],
  ["a  b", 2, null],
  ["", 0, null],
  ["x".repeat(5000), 2500, null],
])("what is pointed at in %j at %i is a word of the log", (text, at, word) => expect(wordAt(text, at)).toBe(word));

test("a pattern for a text matches that text and no other", () => {
  const odd = "a.b*c(d)[e]{f}^$|\\+?-#&~";
  expect(new RegExp(`^${patternOf(odd)}$`, "u").test(odd)).toBe(true);
  expect(new RegExp(patternOf("10.0.0.1")).test("10x0y0z1")).toBe(false);
  expect(new RegExp(memberPattern("id", "5")).test('{"id" : 5}')).toBe(true);
});
