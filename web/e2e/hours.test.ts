// That nothing grows over a day: eight hours of a busy log with all that a reader does meanwhile, as fast as the page takes it. `HOURS=8 npx
// playwright test hours` writes as many lines as such hours have, and prints what is held at the end of each; without it the hours are short.
//
// What is asserted is bytes that are left after the collection of garbage, with the same rows each hour, from the end of the second one on:
// until then V8 compiles, and what has a bound fills up to it.

import { expect } from "@playwright/test";
import { test } from "./hub";
import { heldBy, residentOf, residentPage, type Held } from "./memory";
import { Shift } from "./shift";

const REAL = Number(process.env["HOURS"] ?? 0);
const HOURS = REAL || 8;
/** 500 lines a second; else somewhat more than the page holds. */
const LINES = REAL ? 3600 * 500 : 30_000;
/** Hours after which a process is warm. */
const WARM = 2;
/** Hours between two restarts of the hub. */
const LIFE = REAL ? 4 : HOURS;
/** Bytes by which the heap may grow in an hour, on the average: a seventh of a byte per line. V8 goes on to learn types, ever more slowly. */
const MORE_HEAP = 256 * 1024;
/** A text node that was typed into stays in the browser's list of what can be undone, which has a bound. */
const MORE_NODES = 2;
/** Bytes by which a process may: pages that an allocator keeps come and go by some MB, here or there for an hour. */
const MORE_RESIDENT = 4 * 1024 * 1024;

interface Hour extends Held {
  written: number;
  renderer: number;
  hub: number;
  agent: number;
}

/** By how much a figure grew in an hour, on the average of those after the warm ones. */
function growth(hours: readonly Hour[], of: keyof Hour): number {
  const later = hours.slice(WARM - 1).map((hour) => hour[of]);
  return later.length < 2 ? 0 : ((later.at(-1) ?? 0) - (later[0] ?? 0)) / (later.length - 1);
}

/** The same of a process: the middle one of what any two hours say. A leak is in all of them, and what one hour happens to hold in few. */
function drift(hours: readonly Hour[], of: keyof Hour): number {
  const later = hours.slice(WARM - 1).map((hour) => hour[of]);
  const slopes = later.flatMap((from, i) => later.slice(i + 1).map((to, more) => (to - from) / (more + 1)));
  return slopes.toSorted((a, b) => a - b)[Math.floor(slopes.length / 2)] ?? 0;
}

function told(number: number, { written, heap, nodes, listeners, documents, renderer, hub, agent }: Hour): string {
  const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
  const counts = `${nodes} nodes, ${listeners} listeners, ${documents} documents`;
  return `hour ${number}: ${written} lines, heap ${mega(heap)}, ${counts}; renderer ${mega(renderer)}, hub ${mega(hub)}, agent ${mega(agent)}`;
}

test("over hours of a busy log, whatever its reader does meanwhile, nothing that the page, the hub or the agent holds grows", async ({ page, hub, browser }) => {
  test.setTimeout(HOURS * (REAL ? 600_000 : 60_000));
  await hub.start();
  const agent = hub.agent("web2");
  const shift = new Shift(page, hub, agent);
  await shift.begin();
  const hours: Hour[] = [];
  for (let number = 1; number <= HOURS; number++) {
    await shift.hour(LINES, { hides: REAL > 0 || number === WARM + 1, restarts: number % LIFE === 1 });
    const resident = { renderer: await residentPage(browser), hub: residentOf(hub.pid), agent: residentOf(agent.pid) };
    const hour = { written: shift.written, ...(await heldBy(page)), ...resident };
    hours.push(hour);
    if (REAL) console.log(told(number, hour));
  }
  const all = hours.map((hour, i) => told(i + 1, hour)).join("\n");
  expect(growth(hours, "heap"), all).toBeLessThanOrEqual(MORE_HEAP);
  expect(growth(hours, "nodes"), all).toBeLessThanOrEqual(MORE_NODES);
  expect(growth(hours, "listeners"), all).toBeLessThanOrEqual(0);
  expect(growth(hours, "documents"), all).toBeLessThanOrEqual(0);
  expect(drift(hours, "agent"), all).toBeLessThanOrEqual(MORE_RESIDENT);
  for (let born = 0; born < HOURS; born += LIFE) expect(drift(hours.slice(born, born + LIFE), "hub"), all).toBeLessThanOrEqual(MORE_RESIDENT);
});
