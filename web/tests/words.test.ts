// Words stand in `src/messages` and nowhere else: the sources are parsed, and what a person would read is looked for.

import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "svelte/compiler";
import ts from "typescript";
import { expect, test } from "vitest";
import { en } from "../src/messages/en";
import { zh } from "../src/messages/zh";

const SRC = resolve(import.meta.dirname, "../src");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(svelte|ts)$/.test(file) && !file.startsWith("messages"))
  .map((file) => ({ file, text: readFileSync(join(SRC, file), "utf8") }));

/** Attributes that are read out or shown. */
const SHOWN: ReadonlySet<string> = new Set(["alt", "aria-description", "aria-label", "label", "placeholder", "title"]);
/** Two words in a row: what a person reads, and no key, class or selector does in an expression. */
const SENTENCE = /\p{L}{2,}[,;:]? \p{L}{2,}/u;
const WORD = /\p{L}{2,}/u;
/** Literals with two words that nobody reads. */
const NOT_WORDS: readonly RegExp[] = [/^tailcast [a-z]/, /^\(?[a-z-]+: /, /^[a-z]+(\[|:not)/];

interface Node {
  type: string;
  name?: string;
  data?: string;
  value?: unknown;
  raw?: string;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

/** What a component shows without asking `m`. */
function wordsOf(source: string): string[] {
  const found: string[] = [];
  const walk = (value: unknown, place: "shown" | "hidden" | "sentence"): void => {
    if (Array.isArray(value)) return value.forEach((each) => walk(each, place));
    if (typeof value !== "object" || value === null) return;
    if (isNode(value)) {
      if (value.type === "StyleSheet" || value.type === "Comment") return;
      const inside = value.type === "Attribute" ? placeOf(value.name ?? "") : place;
      if (value.type === "Text" && inside !== "hidden" && WORD.test(entitiesGone(value.data ?? ""))) found.push(value.data ?? "");
      if (value.type === "Literal" && typeof value.value === "string" && isSentence(value.value)) found.push(value.value);
      if (value.type === "TemplateElement" && isSentence((value.value as { cooked: string }).cooked)) found.push(JSON.stringify(value.value));
      return Object.entries(value).forEach(([key, each]) => key !== "comments" && walk(each, inside));
    }
    Object.values(value).forEach((each) => walk(each, place));
  };
  walk(parse(source, { modern: true }), "shown");
  return found;
}

function placeOf(attribute: string): "shown" | "hidden" {
  return SHOWN.has(attribute) ? "shown" : "hidden";
}

function entitiesGone(text: string): string {
  return text.replace(/&\w+;/g, "");
}

function isSentence(text: string): boolean {
  return SENTENCE.test(text) && !NOT_WORDS.some((form) => form.test(text));
}

/** Sentences in the literals of a module. */
function sentencesOf(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) && isSentence(node.text)) {
      found.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("", source, ts.ScriptTarget.Latest));
  return found;
}

test("the scan sees words in text, in attributes and in expressions", () => {
  expect(wordsOf(`<p>Hello</p>`)).toEqual(["Hello"]);
  expect(wordsOf(`<p title="Good day" class="some class">{m.x} · 3</p>`)).toEqual(["Good day"]);
  expect(wordsOf(`<p>{a ? "No line yet." : b}</p>`)).toEqual(["No line yet."]);
  expect(wordsOf(`<script>const a = "good day";</script><Row label="x y" />`)).toEqual(["good day"]);
  expect(sentencesOf("throw new Error(`it is ${late} by now`)")).toEqual(["it is ", " by now"]);
});

/** Files that are being moved over. */
const TO_COME: readonly string[] = [
  "parts/LogView.svelte",
  "parts/Marker.svelte",
  "parts/Rows.svelte",
  "stream.ts",
];

test.each(files.filter(({ file }) => !TO_COME.includes(file)))("$file says nothing but through m", ({ file, text }) => {
  expect(file.endsWith(".svelte") ? wordsOf(text) : sentencesOf(text)).toEqual([]);
});

test("every message is used", () => {
  const all = files.map(({ text }) => text).join("\n");
  expect(Object.keys(en).filter((key) => !new RegExp(`\\bm\\.${key}\\b`).test(all))).toEqual([]);
});

test.each([
  ["en", en],
  ["zh", zh],
])("the messages of %s are in order of their names", (_, messages) => {
  expect(Object.keys(messages)).toEqual(Object.keys(messages).toSorted());
});

test("no message of one language is left in the other", () => {
  const same = Object.entries(en).filter(([key, words]) => typeof words === "string" && words.includes(" ") && words === (zh as Record<string, unknown>)[key]);
  expect(same).toEqual([]);
});
