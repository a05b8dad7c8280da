import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { viewOf } from "../src/address";
import { Viewer } from "../src/viewer.svelte";
import { FakeHub } from "./fakehub";
import { texts } from "./rows";

const A = "web1:/a";
const B = "web1:/b";

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

const shown = (): string[] => viewer.rows.map((row) => (row.kind === "line" ? row.line.text : `[${row.mark.kind}]`));
const shows = (expected: string[]) => vi.waitFor(() => expect(shown()).toEqual(expected));
const at = (position: string, logs = [A]) => ({ ...viewOf(logs), at: position });

/** Asks again and again until that is so; a frame passes after each answer, as it would on a screen. */
async function until(done: () => boolean, ask: () => Promise<void>): Promise<void> {
  for (let i = 0; i < 50 && !done(); i++) {
    await ask();
    await new Promise((frame) => setTimeout(frame, 1));
  }
  expect(done()).toBe(true);
}

const find = async () => (await viewer.find("above", "needle", new AbortController().signal))?.hit;
const readUp = () => until(() => viewer.upward === "nothing", () => viewer.above());
const readDown = () => until(() => viewer.attached, () => viewer.below());

test("one log opens with one question, at its live end", async () => {
  hub.fill(A, 500);
  await viewer.open(viewOf([A]));
  await shows(texts(300, 500));
  expect(hub.asked).toEqual([]);
  hub.write(A, 510);
  await shows(texts(300, 510));
  await vi.waitFor(() => expect(viewer.currency).toEqual({ kind: "live" }));
});

test("the first lines wait for no frame, and all that come after them are published with one", async () => {
  const frames: (() => void)[] = [];
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
  hub.fill(A, 10);
  await viewer.open(viewOf([A]));
  await shows(texts(0, 10));
  hub.write(A, 20);
  await vi.waitFor(() => expect(frames).not.toEqual([]));
  expect(shown()).toEqual(texts(0, 10));
  for (const frame of frames.splice(0)) frame();
  await shows(texts(0, 20));
});

test("a time or a byte beyond the end leads to the last lines, live, and is told to lie there", async () => {
  hub.fill(A, 2000);
  await viewer.open(viewOf([A]));
  await shows(texts(1800, 2000));
  viewer.follow(false);
  for (const jump of [() => viewer.toOffset(A, 5e9), () => viewer.toTime("2031-01-01T00:00:00Z")]) {
    expect(await jump()).toBe(true);
    expect(viewer.pastEnd).toBe(true);
    expect(shown()).toEqual(texts(1500, 2000));
    expect(viewer.attached).toBe(true);
    expect(await viewer.toOffset(A, 1000)).toBe(true);
    expect(viewer.pastEnd).toBe(false);
  }
});

test("reading up ends at the first line, with every line once", async () => {
  hub.fill(A, 950);
  await viewer.open(viewOf([A]));
  await shows(texts(750, 950));
  viewer.follow(false);
  await readUp();
  hub.write(A, 955);
  await shows(texts(0, 955));
  expect(viewer.waiting).toBe(5);
});

test("while the end is followed, room is made at the top, and what left is read again from the file", async () => {
  hub.fill(A, 100);
  await viewer.open(viewOf([A]));
  await shows(texts(0, 100));
  hub.write(A, 30_000);
  await shows(texts(10_000, 30_000));
  expect(hub.asked).toEqual([]);
  viewer.follow(false);
  await viewer.above();
  await vi.waitFor(() => expect(shown()[0]).toBe("line 9500"));
  // Room is made at the other end, which is no longer the live one.
  expect(viewer.rows.length).toBe(20_000);
  expect(viewer.attached).toBe(false);
});

test("at the first line nothing more is asked", async () => {
  hub.fill(A, 10);
  await viewer.open(viewOf([A]));
  await shows(texts(0, 10));
  await readUp();
  const asked = hub.asked.length;
  await viewer.above();
  expect(hub.asked.length).toBe(asked);
});

test("a view opened at a line reads down to the live end and goes on there, with every line once", async () => {
  hub.fill(A, 1000);
  await viewer.open(at("p500"));
  await shows(texts(0, 600));
  expect(viewer.attached).toBe(false);
  hub.write(A, 1007);
  await vi.waitFor(() => expect(viewer.waiting).toBe(7));
  await readDown();
  hub.write(A, 1010);
  await shows(texts(0, 1010));
});

test("a view opened at the first byte goes on downwards", async () => {
  hub.fill(A, 700);
  await viewer.open(viewOf([A]));
  await viewer.toStart();
  await shows(texts(0, 500));
  await vi.waitFor(() => expect(viewer.upward).toBe("nothing"));
  await readDown();
  await shows(texts(0, 700));
});

test("a stopped view is not started by reading on, and misses nothing when it is started", async () => {
  hub.fill(A, 300);
  await viewer.open(at("p200"));
  viewer.stop();
  await readDown();
  expect(hub.socket).toBeUndefined();
  hub.write(A, 320);
  await shows(texts(0, 300));
  viewer.start();
  await shows(texts(0, 320));
});

test("a gap is read into its place, and live lines go on below it", async () => {
  hub.fill(A, 10);
  await viewer.open(viewOf([A]));
  await shows(texts(0, 10));
  hub.socket?.skip(A, 15);
  hub.write(A, 20);
  await shows([...texts(0, 10), "[gap]", ...texts(15, 20)]);
  const gap = viewer.rows[10];
  if (gap) await viewer.fill(gap);
  await shows(texts(0, 20));
});

test("several logs open in the order of time and are joined to their live ends", async () => {
  hub.fill(A, 300);
  hub.fill(B, 280);
  await viewer.open(viewOf([A, B]));
  await vi.waitFor(() => expect(viewer.live.kind).toBe("open"));
  const order = viewer.rows.flatMap((row) => (row.kind === "line" ? [row.line.offset] : []));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  hub.write(B, 281);
  await vi.waitFor(() => expect(shown().at(-1)).toBe("line 280"));
  viewer.follow(false);
  await readUp();
  for (const log of [A, B]) {
    const own = viewer.rows.flatMap((row) => (row.log === log && row.kind === "line" ? [row.line.text] : []));
    expect(own).toEqual(texts(0, log === A ? 300 : 281));
  }
});

test("a link to a line in one of several logs shows the others around the same time", async () => {
  hub.fill(A, 900);
  hub.fill(B, 900);
  await viewer.open(at("p400", [A, B]));
  await vi.waitFor(() => expect(viewer.rows.length).toBe(1000));
  const index = viewer.rows.findIndex((row) => row.kind === "line" && row.log === A && row.line.position === "p400");
  const neighbour = viewer.rows[index + 1];
  expect(neighbour).toMatchObject({ log: B, line: { position: "p400" } });
});

test("what the hub says against a page is told, and the view stays as it is", async () => {
  hub.fill(A, 500);
  await viewer.open(viewOf([A]));
  await shows(texts(300, 500));
  hub.refuse = { status: 503, detail: "the agent is away" };
  await viewer.above();
  expect(viewer.problem).toBe("the agent is away");
  await shows(texts(300, 500));
  await viewer.above();
  expect(viewer.problem).toBeNull();
  await shows(texts(0, 500));
});

test("a question that nobody was there to answer is asked anew when the connection is there again, and not before", async () => {
  hub.fill(A, 500);
  await viewer.open(viewOf([A]));
  await shows(texts(300, 500));
  hub.refuse = { status: 503, detail: "the agent is away" };
  await viewer.above();
  expect(viewer.problem).toBe("the agent is away");
  await vi.waitFor(() => expect(viewer.answers).toBe(1));
  viewer.stop();
  expect(viewer.problem).toBe("the agent is away");
  viewer.start();
  await vi.waitFor(() => expect(viewer.problem).toBeNull());
  await vi.waitFor(() => expect(viewer.answers).toBe(2));
  hub.refuse = { status: 400, detail: "not understood" };
  await viewer.above();
  viewer.stop();
  viewer.start();
  await vi.waitFor(() => expect(viewer.currency).toEqual({ kind: "live" }));
  expect(viewer.problem).toBe("not understood");
});

test("an answer to what is no longer asked is not looked at", async () => {
  hub.fill(A, 500);
  hub.fill(B, 5);
  await viewer.open(viewOf([A]));
  const late = viewer.above();
  await viewer.open(viewOf([B]));
  await late;
  await shows(texts(0, 5));
  expect(viewer.rows.every((row) => row.log === B)).toBe(true);
});

test("where the hub has looked through as much as it does at once, the reader is told how much, and decides", async () => {
  hub.fill(A, 5000);
  await viewer.open(viewOf([A]));
  await shows(texts(4800, 5000));
  viewer.follow(false);
  hub.fruitless = 2;
  await viewer.above();
  expect(viewer.beyond.above.tired).toBe(true);
  await vi.waitFor(() => expect(viewer.beyond.above.looked).toBe(256e6));
  await viewer.above();
  await vi.waitFor(() => expect(viewer.beyond.above.looked).toBe(512e6));
  await viewer.above();
  expect(viewer.beyond.above.tired).toBe(false);
  await vi.waitFor(() => expect(viewer.beyond.above.looked).toBe(0));
  // Nothing of what was looked through is looked through again.
  await shows([...texts(3300, 3800), ...texts(4800, 5000)]);
});

test("a search beyond what is held goes on where it was stopped, and is over when there is nothing left", async () => {
  hub.fill(A, 5000);
  await viewer.open(viewOf([A]));
  await shows(texts(4800, 5000));
  viewer.follow(false);
  hub.fruitless = 1;
  expect(await find()).toBe("tired");
  expect(await find()).toMatchObject({ log: A, line: { text: "line 4798" } });
  expect(hub.asked.at(-1)).toContain("before=p4799");
  expect(hub.asked.at(-1)).toContain("grep=needle");
});

test("a search that was stopped is forgotten where the reader has gone elsewhere: the next one begins there", async () => {
  hub.fill(A, 5000);
  await viewer.open(viewOf([A]));
  await shows(texts(4800, 5000));
  viewer.follow(false);
  hub.fruitless = 1;
  expect(await find()).toBe("tired");
  expect(await viewer.toOffset(A, 20_000)).toBe(true);
  expect(await find()).toMatchObject({ line: { text: "line 1999" } });
});

test("a jump keeps what is shown until its answer is there, and new lines are counted on the same connection", async () => {
  hub.fill(A, 5000);
  await viewer.open(viewOf([A]));
  await shows(texts(4800, 5000));
  const sockets = hub.sockets.length;
  viewer.follow(false);
  const jump = viewer.toOffset(A, 20_000);
  expect(shown()).toEqual(texts(4800, 5000));
  expect(await jump).toBe(true);
  expect(shown()).toEqual(texts(2000, 2500));
  hub.write(A, 5003);
  await vi.waitFor(() => expect(viewer.waiting).toBe(3));
  expect(hub.sockets.length).toBe(sockets);
});
