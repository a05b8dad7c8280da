import { expect, test } from "vitest";
import { Bursts } from "../src/bursts";

const edge = (log: string, sent: number): string => JSON.stringify({ type: "edge", log, at: new Date(sent).toISOString() });

/** Words of two logs, sent each second for a minute and let go each `every` ms; when that was noticed. */
function noticed(every: number, seconds = 60): number | null {
  const bursts = new Bursts();
  for (let sent = 0; sent < seconds * 1000; sent += 1000) {
    const came = Math.ceil(sent / every) * every;
    if (bursts.are(edge("a", sent), came)) return came;
    if (bursts.are(edge("b", sent + 1), came)) return came;
  }
  return null;
}

test("words that come as they are sent are none", () => {
  expect(noticed(1)).toBeNull();
  expect(noticed(1000)).toBeNull();
});

test("words that are let go in bursts are noticed", () => {
  expect(noticed(5000)).toBe(15_000);
  expect(noticed(10_000)).toBe(30_000 - 10_000 + 10_000);
});

test("a network that stumbles now and then is none", () => {
  expect(noticed(40_000, 600)).toBeNull();
});
