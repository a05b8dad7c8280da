import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { viewOf } from "../src/address";
import { Hunt } from "../src/hunt.svelte";
import { Viewer } from "../src/viewer.svelte";
import { FakeHub } from "./fakehub";

const A = "web1:/a";

let hub: FakeHub;
let viewer: Viewer;
let hunt: Hunt;

beforeEach(async () => {
  hub = new FakeHub();
  // A network takes its time, and lets others in meanwhile.
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    await new Promise((later) => setTimeout(later));
    init.signal?.throwIfAborted();
    return fetch(url, init);
  });
  hub.fill(A, 5000);
  viewer = new Viewer();
  hunt = new Hunt(viewer);
  await viewer.open(viewOf([A]));
  await vi.waitFor(() => expect(viewer.rows.length).toBe(200));
  viewer.follow(false);
});
afterEach(() => {
  viewer.close();
  vi.unstubAllGlobals();
});

test("it goes on until something is found, and tells how far it has come in bytes and in time", async () => {
  hub.fruitless = 3;
  const hit = hunt.run("above", "needle");
  expect(hunt.looking).toBe(true);
  expect(await hit).toMatchObject({ log: A, line: { text: "line 4796" } });
  expect([hunt.looking, hunt.looked, hunt.reached]).toEqual([false, 3 * 256e6, "2026-01-01T01:19:56.000Z"]);
  const asked = hub.asked.filter((query) => query.includes("grep=needle"));
  expect(asked.map((query) => /before=(p\d+)/.exec(query)?.[1])).toEqual(["p4800", "p4799", "p4798", "p4797"]);
});

test("it is stopped with what it has, and goes on from there when the same is looked for again", async () => {
  hub.fruitless = 1e9;
  const hit = hunt.run("above", "needle");
  await vi.waitFor(() => expect(hunt.looked).toBeGreaterThan(3 * 256e6));
  expect(hunt.stop()).toBe(true);
  expect(await hit).toBe("stopped");
  expect(hunt.stop()).toBe(false);
  await vi.waitFor(() => expect([hunt.looking, viewer.problem, viewer.reading]).toEqual([false, null, "nothing"]));
  const asked = hub.asked.length;
  hub.fruitless = 0;
  expect(await hunt.run("above", "needle")).toMatchObject({ log: A });
  expect(hub.asked.length).toBe(asked + 1);
  expect(hub.asked.at(-1)).not.toContain("before=p4800");
});

test("it waits for what is being read, and lets what the reader scrolls to be read between two stretches", async () => {
  hub.fruitless = 1e9;
  const above = viewer.above();
  const hit = hunt.run("above", "needle");
  await above;
  await vi.waitFor(() => expect(hunt.looked).toBeGreaterThan(0));
  await vi.waitFor(() => expect(viewer.reading).toBe("nothing"));
  const unfiltered = hub.asked.length;
  await viewer.above();
  expect(hub.asked.slice(unfiltered).some((query) => query.includes("limit=500"))).toBe(true);
  expect(hunt.looking).toBe(true);
  hunt.stop();
  await hit;
});

test("it ends with a jump elsewhere, and with what the hub says against it", async () => {
  hub.fruitless = 1e9;
  const hit = hunt.run("above", "needle");
  await vi.waitFor(() => expect(hunt.looked).toBeGreaterThan(0));
  hub.fruitless = 0;
  expect(await viewer.toOffset(A, 20_000)).toBe(true);
  expect(await hit).not.toBe("none");
  hub.refuse = { status: 503, detail: "the agent is away" };
  await expect(hunt.run("above", "needle")).rejects.toThrow("the agent is away");
  expect(viewer.problem).toBeNull();
});

test("what the hub has against a pattern is for whoever looks, without the case that was put before it, and the view has no problem", async () => {
  hub.refuse = { status: 400, detail: "bad", why: "class_unclosed", pattern: "(?i)([", column: 6 };
  await expect(hunt.run("above", "(?i)([")).rejects.toThrow(/^The pattern \(\[ is wrong at character 2: /);
  await vi.waitFor(() => expect([hunt.looking, viewer.problem, viewer.reading]).toEqual([false, null, "nothing"]));
  hub.refuse = { status: 400, detail: "bad", why: "class_unclosed", pattern: "[", column: 1 };
  await expect(hunt.run("above", "(?-i)x")).rejects.toThrow(/^The pattern \[ is wrong at character 1: /);
});
