// Colours, sizes of type and the room between things come from `tokens.css` and nowhere else: all styles are read.

import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");
const styles = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(svelte|css)$/.test(file) && file !== "tokens.css")
  .map((file) => ({ file, css: styleOf(readFileSync(join(SRC, file), "utf8"), file) }));

/** The style alone, without comments. */
function styleOf(text: string, file: string): string {
  const css = file.endsWith(".css") ? text : (/<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? "");
  return css.replace(/\/\*[\s\S]*?\*\//g, "");
}

const LENGTH = /(?<![\w.-])\d*\.?\d+(?:px|rem|em|pt)\b/g;

/** What is written by hand where a token belongs. A hairline is 1px everywhere. */
function raw(css: string): string[] {
  const found: string[] = [];
  for (const [whole, property = "", value = ""] of css.matchAll(/([a-z-]+)\s*:\s*([^;{}]+);/g)) {
    const colours = value.match(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\([^)]*\)/gi) ?? [];
    const sized = /^(font|font-size)$/.test(property) || /^(padding|margin|gap|row-gap|column-gap)(-|$)/.test(property);
    const lengths = sized ? (value.match(LENGTH) ?? []).filter((length) => length !== "1px") : [];
    if (colours.length + lengths.length > 0) found.push(whole.trim());
  }
  return found;
}

test("the scan sees colours, sizes and room that are written by hand", () => {
  expect(raw("a { color: #fff; padding: 0 0.5rem; margin: -1px; font-size: 13px; width: 3rem; gap: var(--space-1); }")).toEqual([
    "color: #fff;",
    "padding: 0 0.5rem;",
    "font-size: 13px;",
  ]);
});

test.each(styles)("$file takes colours, sizes and room from the tokens", ({ css }) => {
  expect(raw(css)).toEqual([]);
});

test("every token is used", () => {
  const tokens = readFileSync(join(SRC, "tokens.css"), "utf8");
  const used = tokens + readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => /\.(svelte|css|ts)$/.test(file)).map((file) => readFileSync(join(SRC, file), "utf8")).join("\n");
  const names = [...tokens.matchAll(/^\s*(--[a-z0-9-]+):/gm)].map(([, name]) => name ?? "");
  // Colours by number are named by their number.
  expect(names.filter((name) => !/-\d+$/.test(name) && !used.includes(`var(${name})`))).toEqual([]);
});

test("every token that is used is there", () => {
  const tokens = readFileSync(join(SRC, "tokens.css"), "utf8");
  const own = new Set(["--brief", "--level", "--own"]);
  const wanted = styles.flatMap(({ css }) => [...css.matchAll(/var\((--[a-z0-9-]+)/g)].map(([, name]) => name ?? ""));
  expect([...new Set(wanted)].filter((name) => !own.has(name) && !tokens.includes(`${name}:`))).toEqual([]);
});
