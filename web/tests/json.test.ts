import { expect, test } from "vitest";
import { fieldsOf } from "../src/fields";
import { objectOf } from "../src/json";
import { line } from "./rows";

const fields = (text: string, more = {}, timeShown = false) => fieldsOf(line(1, { text, ...more }), timeShown);
const told = (text: string): string => (fields(text)?.fields ?? []).map(({ key, value }) => `${key}=${value}`).join(" ");

test("numbers stay as they are written, and members keep their order and their doubles", () => {
  const text = '{"b":9007199254740993,"a":1.10,"b":-0e+5,"c":18446744073709551615}';
  const object = objectOf(text);
  expect(object?.members.map(({ key, value }) => `${key}:${value.source}`)).toEqual(["b:9007199254740993", "a:1.10", "b:-0e+5", "c:18446744073709551615"]);
  expect(object?.source).toBe(text);
});

test.each(["", "{", "{}x", '{"a":01}', '{"a":1,}', "{'a':1}", '{"a":NaN}', '[{"a":1}]', '{"a":"\u0007"}', '{"a" 1}', "{a}", '{"a":"\\x"}', `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`, `{"a":[${"1,".repeat(60_000)}1]}`])(
  "what is no object, or too much of one, is none: %#",
  (text) => expect(objectOf(text)).toBeNull(),
);

test("the message and the level come first, the other fields after it", () => {
  const text = '{"time":"2026-01-01T00:00:00Z","level":"warn","user":"ann","msg":"slow \\"query\\"","ms":1500,"sql":"select 1","ok":true,"n":"5","in":{"a":[1, 2]}}';
  expect(fields(text, { level: "warn" })).toMatchObject({ time: "2026-01-01T00:00:00Z", message: 'slow "query"', more: 0 });
  expect(fields(text, { level: "warn" }, true)?.time).toBeNull();
  expect(fields(text, { level: "warn" })?.fields.map(({ key, value }) => `${key}=${value}`).join(" ")).toBe('user=ann ms=1500 sql="select 1" ok=true n="5" in={"a":[1, 2]}');
  expect(told('{"level":"of our own","msg":"a"}')).toBe('level="of our own"');
});

test("what a row shows of an object is bounded", () => {
  const many = fields(`{${Array.from({ length: 100 }, (_, i) => `"k${i}":"${"v".repeat(500)}"`).join(",")}}`);
  expect(many?.fields).toHaveLength(40);
  expect(many?.more).toBe(60);
  expect(Math.max(...(many?.fields.map(({ value }) => value.length) ?? []))).toBe(241);
  expect(fields(`{"a":"${"x".repeat(70_000)}"}`)).toBeNull();
});

test("what a line only begins with is shown as it is written", () => {
  expect(fields('{"a":1}', { cut: 2_000_000 })).toBeNull();
  expect(fields("{}")).toBeNull();
});
