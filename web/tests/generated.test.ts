import { readFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

test("the types of the interface are those of docs/openapi.json; `npm run types` writes them", async () => {
  const described = new URL("../../docs/openapi.json", import.meta.url);
  const written = readFileSync(new URL("../src/generated/openapi.ts", import.meta.url), "utf8");
  expect(written === COMMENT_HEADER + astToString(await openapiTS(described))).toBe(true);
});
