// Which parts of the page a full hub refused.

import { expect, test } from "vitest";
import { isRefused } from "../src/refused";

const base = "http://hub/tailcast/";
const part = (name: string, responseStatus?: number) => (responseStatus === undefined ? { name } : { name, responseStatus });

test("a program or a style without which there is no page", () => {
  expect(isRefused([part(`${base}assets/0a/index.js`, 200), part(`${base}assets/0a/index.css`, 503)], base)).toBe(true);
  expect(isRefused([part(`${base}assets/0a/index.js`, 429)], base)).toBe(true);
});

test("what the page asks for itself, a picture, and what is there are none", () => {
  expect(isRefused([], base)).toBe(false);
  expect(isRefused([part(`${base}api/v1/logs`, 503), part(`${base}assets/icon.svg`, 503), part(`${base}assets/0a/index.js`, 200), part(`${base}assets/0a/index.js`, 0)], base)).toBe(false);
  expect(isRefused([part("http://elsewhere/assets/index.js", 503), part(`${base}assets/0a/index.js`)], base)).toBe(false);
});
