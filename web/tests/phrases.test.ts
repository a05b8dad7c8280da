// What hosts say in codes: each that stands in the program's sources has words here, in both languages and with its values; what a newer
// host says is shown as it says it.

import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Limits, OpenFile, Peer, Phrase, Remedy } from "../src/procshapes";

const PROCS = new URL("../../crates/procs/src/", import.meta.url);
const SOURCES = readdirSync(PROCS, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".rs") && file !== "phrase.rs");
const TEXT = SOURCES.map((file) => readFileSync(new URL(file, PROCS), "utf8")).join("\n");
/** A number where digits stand on the host, so that it can be told from another. */
const COUNTS: ReadonlySet<string> = new Set(["count", "want", "ceiling", "minfds", "hard"]);

/** Each sentence that the program knows, with a value for each name in it. */
const KNOWN: readonly Phrase[] = [...TEXT.matchAll(/Phrase::new\(\s*"([a-z_]+)",\s*(?:"((?:[^"\\]|\\.)*)"|english)/gs)].map(([, code = "", english]) => {
  const names = english === undefined ? ["count"] : [...english.matchAll(/\{([a-z]+)\}/g)].map(([, name = ""]) => name);
  return { code, values: Object.fromEntries(names.map((name, i) => [name, COUNTS.has(name) ? String(4000 + i) : `<${name}>`])) };
});
const CEILINGS = [...readFileSync(new URL("doctor/ceilings.rs", PROCS), "utf8").matchAll(/(?:ceiling\(|name:)\s*"([a-z0-9_.-]+)"/g)].map(([, name = ""]) => name);

async function inLanguage(language: "en" | "zh"): Promise<typeof import("../src/phrases")> {
  vi.resetModules();
  vi.stubGlobal("localStorage", { getItem: () => language });
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("navigator", { languages: [] });
  await (await import("../src/language")).speak();
  return import("../src/phrases");
}

afterEach(() => vi.unstubAllGlobals());

const LIMITS: Limits = {
  pid: 1, name: "worker", fds: 3, soft: 1024, hard: 4096, origin: "as the host \u202e says it", set_by: "unknown", ancestors: [], ceilings: [], stops: [],
  remedies: [], notes: ["first", "second"], origin_phrases: [], note_phrases: [],
};
/** As JSON, since an object with a `then` of its own looks like a promise. */
const REMEDY = JSON.parse('{ "words": "of the host", "file": null, "lines": [], "then": [] }') as Remedy;
const PEER: Peer = { direction: "in", remote: "3 addresses", port: 80, service: "http", count: 1200, states: { ESTABLISHED: 2, CLOSE_WAIT: 1198 }, words: "of the host", addresses: 3 };

describe.each(["en", "zh"] as const)("in %s", (language) => {
  test("each sentence of the program has words of its own, with all its values", async () => {
    const { remedyWords } = await inLanguage(language);
    expect(KNOWN.length).toBeGreaterThan(40);
    const said = KNOWN.map((phrase) => remedyWords({ ...REMEDY, phrase }));
    expect(KNOWN.filter((_, i) => said[i] === "of the host")).toEqual([]);
    expect(new Set(said).size).toBe(KNOWN.length);
    KNOWN.forEach(({ values }, i) => {
      for (const value of Object.values(values)) expect(said[i]?.replaceAll(",", "")).toContain(value);
    });
  });

  test("each limit of the machine has words of its own", async () => {
    const { ceilingWords } = await inLanguage(language);
    expect(CEILINGS.length).toBeGreaterThan(8);
    const said = CEILINGS.map((name) => ceilingWords({ name, value: 1, used: null, words: "of the host" }));
    expect(said).not.toContain("of the host");
    expect(new Set(said).size).toBe(CEILINGS.length);
  });

  test("what is not known, and what misses a value, is shown as the host says it, without what would harm", async () => {
    const { notesOf, originOf, remedyWords } = await inLanguage(language);
    const origin_phrases = [{ code: "origin_itself", values: {} }, { code: "origin_by_the_moon", values: {} }];
    expect(originOf({ ...LIMITS, origin_phrases })).toEqual(["as the host \\u{202e} says it"]);
    expect(originOf(LIMITS)).toEqual(["as the host \\u{202e} says it"]);
    expect(notesOf({ ...LIMITS, note_phrases: [{ code: "toString", values: {} }] })).toEqual(["first", "second"]);
    const phrase = { code: "remedy_unit", values: { unit: "a.service" } };
    expect(remedyWords({ ...REMEDY, phrase })).toBe("of the host");
  });

  test("a value is never read as anything else than text", async () => {
    const { originOf } = await inLanguage(language);
    const said = originOf({ ...LIMITS, origin_phrases: [{ code: "origin_start", values: { first: "a\u202e{pid}" } }] });
    expect(said.join("")).toContain("a\\u{202e}{pid}");
  });
});

test("in Chinese connections and files are told in Chinese, and words that are the system's stay", async () => {
  const { aboutWords, kindWords, peerWords } = await inLanguage("zh");
  expect(peerWords(PEER)).toBe("1,200 ← 端口 80 (http)，来自 3 个地址, 1,198 CLOSE_WAIT, 2 ESTABLISHED");
  const file = { about: "watches 5", about_phrase: { code: "fd_watches", values: { fds: "5" } } } as unknown as OpenFile;
  expect([aboutWords(file), kindWords("pipe"), kindWords("eventfd")]).toEqual(["监视 5", "管道", "eventfd"]);
});

test("connections are told as the command line tells them", async () => {
  const { peerWords } = await inLanguage("en");
  expect(peerWords({ ...PEER, direction: "out", remote: "10.0.0.5:6379", port: null, service: "redis", count: 120, states: { CLOSE_WAIT: 118, ESTABLISHED: 2 }, addresses: null })).toBe(
    "120 → 10.0.0.5:6379 (redis), 118 CLOSE_WAIT, 2 ESTABLISHED",
  );
  expect(peerWords({ ...PEER, states: { ESTABLISHED: 1200 } })).toBe("1,200 ← port 80 (http) from 3 addresses");
});
