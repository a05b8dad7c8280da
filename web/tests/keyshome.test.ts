// Which key means what stands in `actions.ts`, and nowhere else: the sources are searched for keys that are looked at.

import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");
const KEY = /\b(event|pressed|e)\.(key|code|keyCode)\b/;

test("no part of the page looks at keys by itself", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => /\.(svelte|ts)$/.test(file) && file !== "keys.ts");
  expect(files.filter((file) => KEY.test(readFileSync(join(SRC, file), "utf8")))).toEqual([]);
});
