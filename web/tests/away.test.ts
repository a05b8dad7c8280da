import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { viewOf } from "../src/address";
import { Viewer } from "../src/viewer.svelte";
import { FakeHub } from "./fakehub";
import { line, texts } from "./rows";

const A = "web1:/a";
const B = "web2:/b";

let hub: FakeHub;
let viewer: Viewer;

beforeEach(() => {
  hub = new FakeHub();
  viewer = new Viewer();
});
afterEach(() => {
  viewer.close();
  vi.unstubAllGlobals();
});

const all = (): string[] => viewer.rows.flatMap((row) => (row.kind === "line" ? [`${row.log === A ? "a" : "b"} ${row.line.text}`] : []));
const of = (log: string): string[] => viewer.rows.flatMap((row) => (row.kind === "line" && row.log === log ? [row.line.text] : []));
const shows = (expected: string[]) => vi.waitFor(() => expect(all()).toEqual(expected), 5000);
/** Lines of both logs in the order of time, A's before B's of the same second. */
const both = (from: number, to: number): string[] => texts(from, to).flatMap((text) => [`a ${text}`, `b ${text}`]);
const at = (position: string, logs = [A, B], where = A) => ({ ...viewOf(logs), at: position, in: where });

describe.each([
  ["away", (): void => void hub.away.add(B)],
  ["silent", (): void => void hub.still.add(B)],
])("of two logs of which one host is %s", (_, leaves) => {
  test("the other one is shown and live, and the missing one takes its place in time when it comes back", async () => {
    hub.fill(A, 10);
    hub.fill(B, 10);
    leaves();
    await viewer.open(viewOf([A, B]));
    await shows(texts(0, 10).map((text) => `a ${text}`));
    expect(viewer.problem).toBeNull();
    hub.write(A, 12);
    await shows(texts(0, 12).map((text) => `a ${text}`));
    hub.comesBack(B);
    await shows([...both(0, 10), "a line 10", "a line 11"]);
    hub.write(B, 13);
    await vi.waitFor(() => expect(of(B)).toEqual(texts(0, 13)));
  });

  test("to the end and to the beginning one goes without it, which is told", async () => {
    hub.fill(A, 1000);
    hub.fill(B, 1000);
    await viewer.open(viewOf([A, B]));
    await vi.waitFor(() => expect(viewer.live.kind).toBe("open"));
    leaves();
    expect(await viewer.toStart()).toBe(true);
    await shows(texts(0, 500).map((text) => `a ${text}`));
    expect(viewer.absentees.map(({ log }) => log)).toEqual([B]);
    hub.comesBack(B);
    await shows(both(0, 500));
    expect(viewer.absentees).toEqual([]);
    leaves();
    await viewer.toEnd();
    await vi.waitFor(() => expect(of(A).at(-1)).toBe("line 999"), 5000);
  });

  test("reading up goes on in the other one, and the missing one catches up with it, with every line once", async () => {
    hub.fill(A, 1500);
    hub.fill(B, 1500);
    await viewer.open(viewOf([A, B]));
    await vi.waitFor(() => expect(viewer.live.kind).toBe("open"));
    viewer.follow(false);
    leaves();
    await viewer.above();
    await vi.waitFor(() => expect(of(A)).toEqual(texts(800, 1500)));
    expect(viewer.absentees.map(({ log }) => log)).toEqual([B]);
    hub.comesBack(B);
    for (let i = 0; i < 10 && viewer.upward !== "nothing"; i++) {
      await viewer.above();
      await new Promise((frame) => setTimeout(frame, 1));
    }
    await shows(both(0, 1500));
    expect(viewer.absentees).toEqual([]);
  });

  test("a link to a line of the other one leads there, and the missing one joins around it and down to the live end", async () => {
    hub.fill(A, 1000);
    hub.fill(B, 1000);
    leaves();
    await viewer.open(at("p500"));
    await shows(texts(0, 600).map((text) => `a ${text}`));
    expect(viewer.absentees.map(({ log }) => log)).toEqual([B]);
    hub.comesBack(B);
    await vi.waitFor(() => expect(of(B)).toEqual(texts(500, 600)));
    for (let i = 0; i < 10 && !viewer.attached; i++) {
      await viewer.below();
      await new Promise((frame) => setTimeout(frame, 1));
    }
    await vi.waitFor(() => expect(of(A)).toEqual(texts(0, 1000)));
    await vi.waitFor(() => expect(of(B)).toEqual(texts(500, 1000)));
    await viewer.above();
    await shows(both(0, 1000));
  });

  test("a link to a line of the missing one says what is the matter, and leads there when it is back", async () => {
    hub.fill(A, 1000);
    hub.fill(B, 1000);
    leaves();
    const opened = viewer.open(at("p500", [B], B));
    await vi.waitFor(() => expect(viewer.live.kind).toBe("open"), 5000);
    if (hub.away.has(B)) await opened;
    expect([viewer.problem, viewer.awaited]).toEqual(hub.away.has(B) ? ["the host is away", true] : [null, false]);
    hub.comesBack(B);
    await vi.waitFor(() => expect(of(B)).toEqual(texts(0, 600)));
    expect(viewer.problem).toBeNull();
    expect(viewer.awaited).toBe(false);
  });
});

test("what is looked for is found in the other one, and the missing one is named", async () => {
  hub.fill(A, 5000);
  hub.fill(B, 5000);
  await viewer.open(viewOf([A, B]));
  await vi.waitFor(() => expect(of(A).length).toBe(200));
  viewer.follow(false);
  hub.away.add(B);
  const look = () => viewer.find("above", "needle", new AbortController().signal);
  hub.fruitless = 1;
  expect(await look()).toMatchObject({ hit: "tired", missed: [B] });
  expect(await look()).toMatchObject({ hit: { log: A, line: { text: "line 4798" } }, missed: [B] });
  hub.away.add(A);
  await expect(look()).rejects.toThrow("the host is away");
  expect(viewer.problem).toBeNull();
});

test("what stood still while the other one was looked through is looked through from where it stood", async () => {
  hub.fill(A, 5000);
  hub.fill(B, 5000);
  await viewer.open(viewOf([A, B]));
  await vi.waitFor(() => expect(of(B).length).toBe(200));
  viewer.follow(false);
  hub.away.add(B);
  hub.fruitless = 1;
  const look = () => viewer.find("above", "needle", new AbortController().signal);
  expect(await look()).toMatchObject({ hit: "tired", missed: [B] });
  hub.comesBack(B);
  expect(await look()).toMatchObject({ hit: { log: B, line: { text: "line 4799" } }, missed: [] });
  expect(hub.asked.filter((query) => query.includes("web2") && query.includes("grep=needle")).map((query) => /before=(p\d+)/.exec(query)?.[1])).toEqual(["p4800", "p4800"]);
});

test("a log that is refused is left out and not asked for again and again", async () => {
  hub.fill(A, 1000);
  hub.fill(B, 10);
  await viewer.open(viewOf([A, B]));
  await vi.waitFor(() => expect(viewer.live.kind).toBe("open"));
  vi.stubGlobal("fetch", async (url: URL) => {
    if (url.searchParams.get("log") === B) {
      hub.asked.push(url.search);
      return Response.json({ detail: "this log is not offered" }, { status: 404 });
    }
    return Response.json({ log: A, lines: [line(0)], before: null, after: "p1", end: false });
  });
  expect(await viewer.toStart()).toBe(true);
  expect(viewer.absentees).toEqual([{ log: B, words: "this log is not offered" }]);
  const asked = hub.asked.length;
  hub.socket?.says({ type: "edge", log: B, offset: 100, behind: 0, position: "p10" });
  expect(hub.asked.length).toBe(asked);
  expect(viewer.problem).toBeNull();
});
