import { expect, test } from "vitest";
import { NO_FILTER, viewOf } from "../src/address";
import { parseRecent, viewOf as read, withView } from "../src/recent";

test("the newest view stands first, and the same logs stand there once, as they were looked at last", () => {
  const a = viewOf(["h:/a"]);
  let list = withView([], a);
  list = withView(list, viewOf(["h:/b"]));
  list = withView(list, { ...a, filter: { ...NO_FILTER, grep: ["x"] } });
  expect(list).toEqual(["logs?log=h:/a&grep=x", "logs?log=h:/b"]);
  expect(read(list[0] ?? "")?.filter.grep).toEqual(["x"]);
});

test("no more than twenty are kept, and none that is endless", () => {
  let list: string[] = [];
  for (let i = 0; i < 50; i++) list = withView(list, viewOf([`h:/${i}`]));
  expect(list.length).toBe(20);
  expect(withView(list, viewOf([`h:/${"x".repeat(5000)}`]))).toEqual(list);
});

test("what was stored by somebody else is no list", () => {
  expect(parseRecent("{")).toEqual([]);
  expect(parseRecent('{"a":1}')).toEqual([]);
  expect(parseRecent('["logs?log=h:/a", 3]')).toEqual(["logs?log=h:/a"]);
  expect(read("javascript:alert(1)")).toBeNull();
});
