import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogsPage } from "../src/shapes";

const entry = (log: string) => ({ log, size: 1, modified: null, active: false, unreadable: null });
const page = (logs: string[], missing: LogsPage["missing"] = []): LogsPage => ({ logs: logs.map(entry), next: null, missing });
const hosts = ["db1", "nfs1", "web1"].map((name) => ({ name, state: "up", since: "2026-01-01T00:00:00Z" }));
const notYet = { host: "nfs1", words: "ask again for it alone", why: "not_yet" };

/** What is asked beside the list, and how it is answered. */
let alone: { match: string; answer: (page: LogsPage) => void }[] = [];
let prompt: LogsPage;

function answer(path: string): unknown {
  const url = new URL(path);
  if (url.pathname.endsWith("/hosts")) return { hosts };
  if (url.searchParams.has("within")) return prompt;
  return new Promise((give) => alone.push({ match: url.searchParams.get("match") ?? "", answer: give }));
}

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers();
  alone = [];
  vi.stubGlobal("document", { hidden: false, baseURI: "http://hub/", addEventListener: () => {} });
  vi.stubGlobal("fetch", async (url: URL) => Response.json(await answer(url.href)));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function listed() {
  const { catalogue } = await import("../src/catalogue.svelte");
  const end = catalogue.follow(() => []);
  await vi.advanceTimersByTimeAsync(10);
  return { catalogue, end, names: () => catalogue.names.map(({ log }) => log) };
}

test("the list shows at once what there is, and a slow host's logs in their place when they come", async () => {
  prompt = page(["db1:/a", "web1:/a"], [notYet]);
  const { catalogue, end, names } = await listed();
  expect(names()).toEqual(["db1:/a", "web1:/a"]);
  expect(catalogue.missing).toEqual([]);
  expect([...catalogue.heard]).toEqual(["db1", "web1"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(alone.map(({ match }) => match)).toEqual(["{nfs1}:*"]);
  alone[0]?.answer(page(["nfs1:/b", "nfs1:/c"]));
  await vi.advanceTimersByTimeAsync(0);
  expect(names()).toEqual(["db1:/a", "nfs1:/b", "nfs1:/c", "web1:/a"]);
  expect([...catalogue.heard]).toContain("nfs1");
  // It is late again, and what it said stands until it says something else.
  await vi.advanceTimersByTimeAsync(2000);
  expect(names()).toContain("nfs1:/b");
  expect(alone).toHaveLength(2);
  end();
});

test("a host that answers in time after all is listed once, also when the question to it alone is answered later", async () => {
  prompt = page(["db1:/a", "web1:/a"], [notYet]);
  const { end, names } = await listed();
  prompt = page(["db1:/a", "nfs1:/b", "web1:/a"]);
  await vi.advanceTimersByTimeAsync(2000);
  alone[0]?.answer(page(["nfs1:/b"]));
  await vi.advanceTimersByTimeAsync(0);
  expect(names()).toEqual(["db1:/a", "nfs1:/b", "web1:/a"]);
  end();
});

test("a slow host that says nothing in the end is told of, with the reason", async () => {
  prompt = page(["db1:/a", "web1:/a"], [notYet]);
  const { catalogue, end, names } = await listed();
  alone[0]?.answer(page([], [{ host: "nfs1", words: "nothing was heard", why: "silent" }]));
  await vi.advanceTimersByTimeAsync(0);
  expect(catalogue.missing.map(({ host }) => host)).toEqual(["nfs1"]);
  expect(catalogue.missing[0]?.words).toContain("nfs1");
  expect(names()).toEqual(["db1:/a", "web1:/a"]);
  end();
});

test("of very many slow hosts all get their turn, some at once", async () => {
  const names = Array.from({ length: 250 }, (_, i) => `nfs${i}`);
  prompt = page([], names.map((host) => ({ ...notYet, host })));
  const { end, names: shown } = await listed();
  for (let turn = 0; turn < 3; turn++) {
    const { match, answer: give } = alone[turn] ?? { match: "", answer: () => {} };
    give(page(match.slice(1, -3).split(",").map((host) => `${host}:/a`)));
    await vi.advanceTimersByTimeAsync(4000);
  }
  expect(alone.every(({ match }) => match.split(",").length <= 100)).toBe(true);
  expect(new Set(shown()).size).toBe(250);
  end();
});

test("a view over globs shows at once what there is, names who has not answered, and takes those in that do", async () => {
  prompt = page(["db1:/a", "web1:/a"], [notYet, { host: "old1", words: "its link went down", why: "link_down" }]);
  const { Members } = await import("../src/members.svelte");
  const { viewOf } = await import("../src/address");
  const members = new Members();
  const end = members.follow({ ...viewOf([]), matches: ["*:/{a,b}"] });
  await vi.advanceTimersByTimeAsync(10);
  expect(members.logs).toEqual(["db1:/a", "web1:/a"]);
  expect(members.silent).toEqual(["nfs1", "old1"]);
  expect(alone.map(({ match }) => match)).toEqual(["{nfs1}:/{a,b}"]);
  alone[0]?.answer(page(["nfs1:/b"]));
  await vi.advanceTimersByTimeAsync(2000);
  expect(members.logs).toEqual(["db1:/a", "web1:/a", "nfs1:/b"]);
  expect(members.silent).toEqual(["old1"]);
  end();
});
