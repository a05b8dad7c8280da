import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { en } from "../src/messages/en";
import { unreadable } from "../src/unreadable";

test("what an agent says of a log that it cannot read is said in the reader's language, and what is new as it says it", () => {
  expect(unreadable("permission denied")).toBe("permission denied");
  expect(unreadable("eaten by \u001b[31mmoths")).not.toContain("\u001b");
});

test("all that an agent says of a log that it cannot read is known here", () => {
  const source = readFileSync(resolve(import.meta.dirname, "../../crates/agent/src/list.rs"), "utf8");
  const said = [...source.matchAll(/unreadable\("([^"]+)"\)|"(permission denied)"/g)].map(([, a, b]) => a ?? b ?? "");
  const known = new Set<string>([en.list_denied, en.list_not_regular, en.list_no_name, en.list_nowhere, en.list_hangs]);
  expect(said.length).toBeGreaterThan(3);
  expect(said.filter((words) => !known.has(words))).toEqual([]);
});
