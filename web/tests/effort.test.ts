import { expect, test } from "vitest";
import { effortOf } from "../src/effort";

const of = (source: string, length: number): number => effortOf(source)(length);

test("words are quick, however they are spelled, and so is what repeats little", () => {
  for (const source of ["timeout", "a\\.b\\?c", "磁盘", "x".repeat(200)]) expect(of(source, 200)).toBe(source.length * 201);
  expect(of("error|warn", 200)).toBe(10 * 2 * 201);
  for (const source of ["\\d+ ms", "req-\\d+", "(?:a|b)c?", "(?<n>\\w+) x", "[a-z]+:", "^line [13]?7$"]) expect([source, of(source, 120) < 1_000_000]).toEqual([source, true]);
});

test("each part that repeats multiplies the ways by the length of the text", () => {
  expect(of("a*b", 9)).toBe(3 * 10 ** 2);
  expect(of("a*a*a*a*b", 9)).toBe(9 * 10 ** 5);
  expect(of("a*a*a*a*b", 64 * 1024)).toBeGreaterThan(1e20);
});

test("what no form tells may take for ever: repetition of what repeats, counts, looking around or back, Unicode's tables, and length", () => {
  const deadly = ["(a+)+$", "(.*a){20}x", "(a|a)*$", "(?:a*)*b", "(?<x>a+)+b", "a{1,1000}", "(?=a+)b", "(?!a)b", "(?<=a)b", "(?<!a)b", "(a)\\1+", "(?<n>a)\\k<n>", "\\p{L}", "[x\\P{L}]"];
  for (const source of [...deadly, "x".repeat(300), "x.".repeat(40)]) expect([source, of(source, 1)]).toEqual([source, Infinity]);
});

test("what is escaped or in a class is itself", () => {
  for (const source of ["\\(a\\)\\+", "[(a)+*{]", "[\\])+]", "\\{", "\\\\"]) expect(of(source, 9)).toBe(source.length * 10);
});
