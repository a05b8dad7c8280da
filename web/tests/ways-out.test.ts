// What belongs together of what a host lists to change a limit: steps that are all needed, and ways of which one is enough.

import { describe, expect, test, vi } from "vitest";
import type { Remedy } from "../src/procshapes";

/** As JSON, since an object with a `then` of its own looks like a promise. */
const REMEDY = JSON.parse('{ "lines": [], "then": [] }') as Remedy;
const remedy = (words: string, way?: number, lasts = "for_good"): Remedy => ({
  ...REMEDY, words, step: way === undefined ? null : { way, lasts, reach: 4096 },
});

async function inLanguage(language: "en" | "zh"): Promise<typeof import("../src/ways-out")> {
  vi.resetModules();
  vi.stubGlobal("localStorage", { getItem: () => language });
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("navigator", { languages: [] });
  await (await import("../src/language")).speak();
  return import("../src/ways-out");
}

describe("the ways to another limit", () => {
  test("have the steps that say the same way, in the host's order", async () => {
    const { waysOf } = await inLanguage("en");
    const [quick, unit, minfds] = [remedy("quick", 1, "until_it_ends"), remedy("unit", 2), remedy("minfds", 2)];
    expect(waysOf([quick, unit, minfds])).toEqual([[quick], [unit, minfds]]);
  });

  test("are not made up for an older agent, which does not say what belongs together", async () => {
    const { titleOf, waysOf } = await inLanguage("en");
    const ways = waysOf([remedy("a"), remedy("b")]);
    expect(ways).toHaveLength(1);
    expect(titleOf(ways[0] ?? [])).toBeNull();
  });

  test("say in both languages how far they go, also those of a newer host", async () => {
    for (const language of ["en", "zh"] as const) {
      const { titleOf } = await inLanguage(language);
      const titles = ["until_it_ends", "for_good", "from_above", "toString"].map((lasts) => titleOf([remedy("a", 1, lasts)]));
      expect(new Set(titles).size).toBe(4);
      for (const title of titles) expect(title).toMatch(/4[\s,.]?096/);
    }
  });
});
