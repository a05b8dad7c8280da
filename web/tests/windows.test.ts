import { afterEach, expect, test } from "vitest";
import { Windows } from "../src/windows";

const channels: BroadcastChannel[] = [];
const name = (): string => `windows ${channels.length}`;

function opened(channel: string): Windows {
  const made = new BroadcastChannel(channel);
  channels.push(made);
  return new Windows(made, 4);
}

afterEach(() => channels.splice(0).forEach((channel) => channel.close()));

const count = (taken: readonly boolean[]): number => taken.filter(Boolean).length;

test("of seven windows that open one after the other, four have room", async () => {
  const all = name();
  const taken: boolean[] = [];
  for (let i = 0; i < 7; i++) taken.push(await opened(all).take(new AbortController().signal));
  expect(taken).toEqual([true, true, true, true, false, false, false]);
});

test("of windows and panes that open at one moment, no more than four have room, and as many as there is room for", async () => {
  const all = name();
  const windows = Array.from({ length: 4 }, () => opened(all));
  expect(count(await Promise.all(windows.flatMap((each) => [each.take(new AbortController().signal), each.take(new AbortController().signal)])))).toBe(4);
});

test("what a view lets go of, another window takes", async () => {
  const all = name();
  const [first, second] = [opened(all), opened(all)];
  const ends = Array.from({ length: 4 }, () => new AbortController());
  for (const { signal } of ends) expect(await first.take(signal)).toBe(true);
  expect(await second.take(new AbortController().signal)).toBe(false);
  ends[0]?.abort();
  expect(await second.take(new AbortController().signal)).toBe(true);
});

test("a window that is closed holds nothing", async () => {
  const all = name();
  const first = opened(all);
  for (let i = 0; i < 4; i++) expect(await first.take(new AbortController().signal)).toBe(true);
  channels.shift()?.close();
  expect(await opened(all).take(new AbortController().signal)).toBe(true);
});
