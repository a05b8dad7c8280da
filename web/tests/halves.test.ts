import { expect, test } from "vitest";
import { Halves } from "../src/halves";
import type { EdgeEvent } from "../src/shapes";

const LOG = "web1:/a";
const edge = (position: string, behind: number): EdgeEvent => ({ type: "edge", log: LOG, offset: 100, position, behind });

/** What stands behind the last whole line, and how often that was asked. */
class Log {
  asked = 0;
  #ends: Promise<Uint8Array | null>[] = [];
  readonly halves: Halves;

  constructor(stands: string | null) {
    this.halves = new Halves(
      () => {
        this.asked++;
        const end = Promise.resolve(stands === null ? null : new TextEncoder().encode(stands));
        this.#ends.push(end);
        return end;
      },
      () => {},
    );
  }

  edges(...behind: number[]): void {
    for (const each of behind) this.halves.edge(edge("p7", each));
  }

  async said(): Promise<[asked: number, text: string | null, bytes: number]> {
    await Promise.all(this.#ends);
    await Promise.resolve();
    return [this.asked, this.halves.text(LOG), this.halves.bytes(LOG)];
  }
}

test("what stands at an edge that has said the same twice is asked for once, and is no longer to come", async () => {
  const log = new Log("last words");
  log.edges(10);
  expect(log.asked).toBe(0);
  log.edges(10, 10, 10);
  expect(await log.said()).toEqual([1, "last words", 10]);
  log.halves.ended(LOG);
  expect(await log.said()).toEqual([1, null, 0]);
});

test("a line that is being written on, and too much for a line, are not asked for", async () => {
  const log = new Log("last words");
  log.edges(1, 2, 3, 4, 1 << 20, 1 << 20);
  expect(await log.said()).toEqual([0, null, 0]);
});

test.each([["whole lines", "two\nlines"], ["more than was said", "last words, and more"], ["nothing that can be had", null]])(
  "%s are no half line",
  async (_, stands) => {
    const log = new Log(stands);
    log.edges(stands === null || stands.length > 10 ? 10 : stands.length);
    log.edges(stands === null || stands.length > 10 ? 10 : stands.length);
    expect(await log.said()).toEqual([1, null, 0]);
  },
);

test.each([["NUL bytes, as a crash leaves them", "ab\0\0\0\0"], ["letters of two bytes", "o\0h\0"], ["the same the other way round", "\0o\0h"]])("%s are a half line, too", async (_, stands) => {
  const log = new Log(stands);
  log.edges(stands.length, stands.length);
  expect(await log.said()).toEqual([1, stands.startsWith("ab") ? stands : "oh", stands.length]);
});

test("what could not be had is asked for again with the next edge", async () => {
  let asked = 0;
  const halves = new Halves(() => (asked++ === 0 ? Promise.reject(new Error("overtaken")) : Promise.resolve(new TextEncoder().encode("last words"))), () => {});
  for (let i = 0; i < 4; i++) {
    halves.edge(edge("p7", 10));
    await new Promise((done) => setTimeout(done, 0));
  }
  expect([asked, halves.text(LOG)]).toEqual([2, "last words"]);
});

test("an answer that comes when the line has gone on is not believed", async () => {
  const log = new Log("last words");
  log.edges(10, 10, 14);
  expect(await log.said()).toEqual([1, null, 0]);
});
