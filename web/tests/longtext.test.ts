import { expect, test } from "vitest";
import { bytesOf, hexOf } from "../src/hex";
import { BEGINNING, PAGE, pageOf } from "../src/longtext";
import { line } from "./rows";

const mebibyte = Array.from({ length: 1 << 17 }, (_, i) => String(i).padStart(7, "0") + " ").join("");

test("a text of a usual length is shown whole", () => {
  expect(pageOf("short", 0)).toEqual({ text: "short", before: 0, after: 0 });
});

test("a line of a mebibyte is shown in bounded pages, and turning them shows every letter of it", () => {
  const first = pageOf(mebibyte, 0);
  expect(first).toMatchObject({ before: 0, after: mebibyte.length - BEGINNING });
  let seen = first.text;
  for (let pages = 1; ; pages++) {
    const page = pageOf(mebibyte, pages);
    expect(page.text.length).toBeLessThanOrEqual(BEGINNING + 3 * PAGE);
    seen += page.text.slice(seen.length - page.before);
    if (page.after === 0) break;
  }
  expect(seen).toBe(mebibyte);
});

test("no page ends in half a character, and none is lost between two", () => {
  const rockets = "🚀".repeat(BEGINNING);
  const [first, second] = [pageOf(`x${rockets}`, 0), pageOf(`x${rockets}`, 1)];
  expect(first.text).toBe(`x${"🚀".repeat(BEGINNING / 2 - 1)}`);
  expect(second.text).not.toMatch(/\p{Surrogate}/u);
});

test("bytes are shown as sixteen in a row with the letters among them, as many as were asked for", () => {
  const odd = line(1, { text: "a\ufffdb", bytes: btoa("a\u00ffb") });
  expect(hexOf(bytesOf(odd), 100)).toBe(`000000  61 ff 62${" ".repeat(42)}a·b`);
  expect(hexOf(bytesOf(line(1, { text: "0123456789abcdefX" })), 100).split("\n")).toEqual([
    "000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef",
    `000010  58${" ".repeat(48)}X`,
  ]);
  expect(hexOf(new Uint8Array(5000), 32).split("\n")).toHaveLength(2);
});
