import { afterEach, describe, expect, test, vi } from "vitest";
import { NOTES } from "../src/shapes";
import type { Mark } from "../src/marks";

const A = "web1:/var/log/app.log";
/** Each reason that the hub names, and none at all. */
const WHYS = [
  undefined, "deleted", "moved", "not_there", "denied", "not_regular", "not_offered", "link_loop", "no_descriptor", "unreadable",
  "network", "no_watches", "no_instances", "not_watched", "watched", "not_found", "rewritten", "stale", "hole", "fast_log", "slow_link",
  "slow_viewer", "slow_answer", "busy", "agent_stopped", "link_down", "taken_over", "not_reading", "not_admitted", "never_here",
  "hub_stopped", "of a newer hub",
];
/** Those for which a host is away. */
const AWAY = ["agent_stopped", "link_down", "taken_over", "not_reading", "not_admitted", "never_here", "slow_answer", "hub_stopped"];
const KINDS = [...NOTES, "joined", "left"] as const;

async function inLanguage(language: "en" | "zh"): Promise<(mark: Mark) => string[]> {
  vi.resetModules();
  vi.stubGlobal("localStorage", { getItem: () => language });
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("navigator", { languages: [] });
  await (await import("../src/language")).speak();
  const { tidingOf } = await import("../src/tidings");
  return (mark) => {
    const { title, words, todo } = tidingOf(A, mark);
    return [title, words, todo];
  };
}

afterEach(() => vi.unstubAllGlobals());

describe.each(["en", "zh"] as const)("in %s", (language) => {
  test("each kind and reason has a title and words of its own", async () => {
    const said = await inLanguage(language);
    for (const kind of KINDS) {
      for (const why of WHYS) {
        const [title, words] = said({ kind, words: "the hub's words", bytes: 3_000_000, why });
        expect(title).not.toBe("");
        expect(words).not.toBe("");
      }
    }
  });

  test("why a host is away is said in the language of the page, and in the hub's words only where it has no word for it", async () => {
    const said = await inLanguage(language);
    const away = (why?: string) => said({ kind: "agent_lost", words: "the hub's words", why })[2] ?? "";
    for (const why of AWAY) expect(away(why)).not.toContain("the hub's words");
    expect(new Set(AWAY.map(away)).size).toBe(AWAY.length);
    for (const why of [undefined, "of a newer hub"]) expect(away(why)).toContain("the hub's words");
  });

  test("a gap names its size where it is known", async () => {
    const said = await inLanguage(language);
    const gap = { kind: "gap", from: "a", to: "b", words: "" } as const;
    expect(said({ ...gap, bytes: 3_000_000, why: "slow_viewer" }).join(" ")).toContain("3.00 MB");
    expect(said({ ...gap, bytes: null }).join(" ")).not.toMatch(/null|undefined/);
  });
});

test("the reason decides the words and what to do", async () => {
  const said = await inLanguage("en");
  expect(said({ kind: "polling", words: "", why: "no_watches" }).join(" ")).toContain("fs.inotify.max_user_watches");
  expect(said({ kind: "waiting", words: "", why: "denied" }).join(" ")).toContain("web1 may not read");
  expect(said({ kind: "agent_lost", words: "its link went down" })[1]).toContain("web1 is not connected");
});

test("an error without a reason that is known is said in the hub's words, made harmless", async () => {
  const said = await inLanguage("en");
  expect(said({ kind: "error", words: "reading \u202e failed" })[1]).toBe("Reading \\u{202e} failed");
});
