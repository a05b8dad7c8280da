import { expect, test } from "vitest";
import { age, duration, size } from "../src/amounts";
import { parseEvent } from "../src/shapes";
import { tagsOf } from "../src/tags";
import { beginning, visible } from "../src/text";

test.each([
  ["markup is text", "<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
  ["colours are seen", "\x1b[1;31mred\x1b[0m", "\\x1b[1;31mred\\x1b[0m"],
  ["titles are seen", "\x1b]0;owned\x07after", "\\x1b]0;owned\\x07after"],
  ["control characters are seen", "a\x00b\x08c\x7f", "a\\x00b\\x08c\\x7f"],
  ["a tab stays, a carriage return is seen", "a\tb\r", "a\tb\\x0d"],
  ["C1 is seen", "\u009b31m", "\\u{9b}31m"],
  ["what turns text around is seen", "user\u202etxt.exe", "user\\u{202e}txt.exe"],
  ["other scripts stay", "Grüße 日志 🚀", "Grüße 日志 🚀"],
])("%s", (_, text, shown) => expect(visible(text)).toBe(shown));

test("a beginning never ends in half a character", () => {
  expect(beginning("ab🚀", 3)).toBe("ab");
  expect(beginning("ab🚀", 4)).toBe("ab🚀");
});

test("amounts have three digits that matter", () => {
  expect([0, 999, 1000, 12_345, 999_999, 3_421_000_000].map(size)).toEqual([
    "0 B",
    "999 B",
    "1.00 kB",
    "12.3 kB",
    "1.00 MB",
    "3.42 GB",
  ]);
  expect([3, 89, 300, 7200, 200_000].map(duration)).toEqual(["3 s", "89 s", "5 min", "2 h", "2 d"]);
  expect(age("2026-01-01T00:00:10Z", Date.parse("2026-01-01T00:00:00Z"))).toBe("0 s");
});

test.each([
  "no json",
  "null",
  "[]",
  '{"type":"lines","log":"a:b"}',
  '{"type":"edge","log":"a:b"}',
  '{"type":"of tomorrow","log":"a:b"}',
  '{"type":"gone"}',
])("a frame that is no known event is none: %s", (frame) => expect(parseEvent(frame)).toBeNull());

test.each([
  [["web1:/var/log/a.log", "web1:/var/log/b.log"], ["a.log", "b.log"]],
  [["web1:/var/log/a.log", "web2:/var/log/a.log"], ["web1", "web2"]],
  [["web1:/a.log", "web2:/a.log", "web1:/b.log"], ["web1:a.log", "web2:a.log", "web1:b.log"]],
  [["web1:/x/a.log", "web1:/y/a.log"], ["x/a.log", "y/a.log"]],
  [["web1:/x/a.log"], []],
])("a tag says what tells logs apart: %j", (logs, tags) => {
  expect([...tagsOf(logs).values()].map((tag) => tag.words)).toEqual(tags);
});
