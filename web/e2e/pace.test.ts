// How fast the page is, measured: a fast log that is followed, and a long one that is scrolled. The ceilings are such that only a page that
// stands still breaks them, however busy the machine; `PACE=60 npx playwright test pace` runs at the size of the real claims (seconds of
// writing, and ten million lines) and prints figures for a person to judge.

import { closeSync, openSync, writeSync } from "node:fs";
import { expect, type CDPSession, type Page } from "@playwright/test";
import { endsWith, openLog, test, wheel } from "./hub";

const REAL = Number(process.env["PACE"] ?? 0);
const SECONDS = REAL || 5;
const LINES = REAL ? 10_000_000 : 500_000;
const A_SECOND = 50_000;

interface Frames {
  count: number;
  median: number;
  p99: number;
  worst: number;
}

/** Begins to note the time between frames. */
function beginFrames(page: Page): Promise<void> {
  return page.evaluate(() => {
    const all: number[] = [];
    let last = performance.now();
    const note = (now: number): void => {
      all.push(now - last);
      last = now;
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
    Object.assign(window, { frames: all });
  });
}

async function frames(page: Page): Promise<Frames> {
  const all = await page.evaluate(() => (window as unknown as { frames: number[] }).frames.splice(0).slice(1));
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)) / 10;
  return { count: all.length, median: at(0.5), p99: at(0.99), worst: at(1) };
}

async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send("HeapProfiler.collectGarbage");
  return (await cdp.send("Runtime.getHeapUsage")).usedSize / 1e6;
}

function told(what: string, figures: object): void {
  if (REAL) console.log(what, JSON.stringify(figures));
}

test("a log of 50,000 lines a second is followed without a frozen screen, in bounded memory", async ({ page, hub }) => {
  test.setTimeout(120_000 + 3000 * SECONDS);
  hub.write("app.log", 0, 100);
  await hub.start();
  await openLog(page, hub, "app.log");
  const cdp = await page.context().newCDPSession(page);
  await beginFrames(page);
  let written = 100;
  const began = performance.now();
  while (performance.now() - began < SECONDS * 1000) {
    const due = 100 + Math.floor(((performance.now() - began) / 1000) * A_SECOND);
    hub.write("app.log", written, due);
    written = due;
    await new Promise((next) => setTimeout(next, 10));
  }
  const seconds = (performance.now() - began) / 1000;
  const during = await frames(page);
  await endsWith(page, written);
  const megabytes = await heap(cdp);
  told("followed", { linesPerSecond: Math.round((written - 100) / seconds), seconds: Math.round(seconds), frames: during, heapMB: Math.round(megabytes) });
  expect(written).toBeGreaterThan(100 + 1000 * SECONDS);
  expect(during.worst).toBeLessThan(10_000);
  expect(megabytes).toBeLessThan(200);
});

test("a long file is scrolled anywhere, without a frozen screen and in bounded memory", async ({ page, hub }) => {
  test.setTimeout(240_000);
  const file = openSync(hub.path("app.log"), "w");
  for (let n = 0; n < LINES; n += 10_000) {
    writeSync(file, Array.from({ length: 10_000 }, (_, i) => `line ${n + i}\n`).join(""));
  }
  closeSync(file);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, LINES);
  const cdp = await page.context().newCDPSession(page);
  await beginFrames(page);
  await page.getByTestId("rows").hover();
  for (let i = 0; i < (REAL ? 600 : 60); i++) {
    await page.mouse.wheel(0, -300);
    await page.evaluate(() => new Promise((frame) => requestAnimationFrame(frame)));
  }
  const wheeling = await frames(page);
  const bar = (await page.getByRole("scrollbar").boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(bar.x + 4, bar.y + bar.height - 4);
  await page.mouse.down();
  for (let i = 0; i <= 40; i++) await page.mouse.move(bar.x + 4, bar.y + bar.height * (1 - i / 40));
  await page.mouse.up();
  await expect(page.getByText("line 0", { exact: true })).toBeInViewport();
  const dragging = await frames(page);
  await wheel(page, 300);
  const megabytes = await heap(cdp);
  told("scrolled", { lines: LINES, wheeling, dragging, heapMB: Math.round(megabytes) });
  expect(Math.max(wheeling.worst, dragging.worst)).toBeLessThan(10_000);
  expect(megabytes).toBeLessThan(200);
});
