import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Reason } from "../src/hubwords";

const at = { pattern: "(b", column: 1 };
/** What the program may say, as it stands in its sources: the mistakes in a pattern have each a word. */
const MISTAKES = [...readFileSync(new URL("../../crates/lines/src/filter/pattern.rs", import.meta.url), "utf8").matchAll(/=> "([a-z_]+)"/g)].map(([, word]) => word ?? "");

async function inLanguage(language: "en" | "zh"): Promise<(reason: Reason, host: string | null) => string> {
  vi.resetModules();
  vi.stubGlobal("localStorage", { getItem: () => language });
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("navigator", { languages: [] });
  await (await import("../src/language")).speak();
  return (await import("../src/hubwords")).hubWords;
}

afterEach(() => vi.unstubAllGlobals());

describe.each(["en", "zh"] as const)("in %s", (language) => {
  test("each mistake in a pattern has words of its own, with the pattern and the place", async () => {
    const words = await inLanguage(language);
    expect(MISTAKES.length).toBeGreaterThan(5);
    const said = MISTAKES.map((why) => words({ words: "of the hub", why, ...at }, "web1"));
    expect(new Set(said).size).toBe(MISTAKES.length);
    for (const each of said) expect(each).toMatch(/\(b .*1/);
  });

  test("a host that says nothing is named", async () => {
    const words = await inLanguage(language);
    for (const why of ["silent", "slow_answer", "link_down"]) expect(words({ words: "of the hub", why }, "web1")).toContain("web1");
  });

  test("who tried too often is told for how long", async () => {
    const words = await inLanguage(language);
    const often = { words: "of the hub", why: "too_many_attempts" };
    expect(words({ ...often, wait: 47 }, null)).toContain("47");
    expect(words(often, null)).not.toMatch(/undefined|NaN/);
  });

  test("what has no word that is known is said as the hub says it, and not as anything else", async () => {
    const words = await inLanguage(language);
    expect(words({ words: "unclosed \u202e group", why: "of a newer hub", ...at }, "web1")).toBe("unclosed \\u{202e} group");
    expect(words({ words: "of the hub" }, null)).toBe("of the hub");
    expect(words({ words: "of the hub", why: "link_down" }, null)).toBe("of the hub");
  });
});

test("in Chinese nothing that is known is said in English", async () => {
  const words = await inLanguage("zh");
  expect(words({ words: "include pattern 1 `(b` is wrong at column 1: unclosed group", why: "group_unclosed", ...at }, "web1")).toBe(
    "模式 (b 的第 1 个字符有误：( 没有对应的 )。若要匹配字符本身，请在前面加 \\。",
  );
  expect(words({ words: "nothing was heard of the agent for 3 s", why: "silent" }, "web1")).toContain("没有任何消息");
});
