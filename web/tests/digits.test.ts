import { expect, test } from "vitest";
import { number } from "../src/digits";

test("numbers are written as Intl writes them in both languages", () => {
  const values = [0, 7, 999, 1000, 12_345, 999_999, 1_000_000, 9_007_199_254_740_991, -1, -1234, 0.5, 9.994, 42.42, 99.95, 1234.56];
  for (const language of ["en", "zh-CN"]) {
    for (const digits of [0, 1, 2]) {
      const { format } = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
      for (const value of values) expect(number(value, digits), `${value} with ${digits} in ${language}`).toBe(format(value));
    }
  }
});
