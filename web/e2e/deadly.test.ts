// Patterns that a browser's regular expressions would never be done with, from a link and from a hand, on lines made for them.

import { expect, type Page } from "@playwright/test";
import { endsWith, isLive, openLog, test, type Hub } from "./hub";

/** Forty letters, for patterns that double with each of them, and as many as fill a line, for powers. */
const DEADLY = `${"a".repeat(40)}! req-1\nreq-2 ${"a".repeat(64 * 1024)}\n`;

/** What is lit up under a name, each text once. */
function lit(page: Page, name: string): Promise<string[]> {
  return page.evaluate((which) => [...new Set([...(CSS.highlights.get(which) ?? [])].map(String))], name);
}

interface Frames {
  frames: number;
  /** Milliseconds: the longest time between two of them, and the longest that the page itself was busy. */
  longest: number;
  task: number;
}

/** Notes how frames go from the beginning of the page on. */
async function watchFrames(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = { frames: 0, longest: 0, task: 0 };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.task = Math.max(seen.task, duration);
    }).observe({ type: "longtask" });
    let last = performance.now();
    const frame = (now: number): void => {
      seen.longest = Math.max(seen.longest, now - last);
      seen.frames++;
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    Object.assign(window, { seen });
  });
}

/** How they went since this was asked last. */
function frames(page: Page): Promise<Frames> {
  return page.evaluate(() => {
    const { seen } = window as unknown as { seen: Frames };
    const now = { ...seen };
    Object.assign(seen, { longest: 0, task: 0 });
    return now;
  });
}

/** What is printed and not judged: on a busy machine frames are late whatever a page does. */
function told({ longest, task }: Frames): string {
  return `between two frames ${longest.toFixed(0)} ms at most, the page busy for ${task.toFixed(0)} ms at most`;
}

/** Lines come and are shown, and frames go on. */
async function isAlive(page: Page, hub: Hub, from: number): Promise<void> {
  const { frames: before } = await frames(page);
  hub.write("app.log", from, from + 10);
  await endsWith(page, from + 10, 10);
  await expect.poll(async () => (await frames(page)).frames).toBeGreaterThan(before + 10);
}

test("deadly patterns of a link are told and given up, and the view, its filter and the other highlights go on", async ({ page, hub }) => {
  hub.write("app.log", 0, 90);
  hub.append("app.log", DEADLY);
  hub.write("app.log", 90, 95);
  await hub.start();
  await watchFrames(page);
  await page.setViewportSize({ width: 1280, height: 1400 });
  const broken: string[] = [];
  page.on("pageerror", (error) => broken.push(String(error)));
  page.on("console", (message) => message.type() === "error" && broken.push(message.text()));
  const of = (name: string, patterns: string[]): string => patterns.map((pattern) => `&${name}=${encodeURIComponent(pattern)}`).join("");
  // The host picks each line by what stands behind the bar, which a browser never comes to.
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}${of("grep", ["(a+)+\\$|!|line|req"])}${of("lit", ["(a+)+$", "req-\\d+", "(.*a){20}x", "a*a*a*a*b", "(?:l)+ine 9"])}`);
  await endsWith(page, 95, 5);
  await isLive(page);
  await expect(page.getByRole("search").getByText("“(a+)+\\$|!|line|req” takes too long in the browser", { exact: false })).toBeVisible();
  const highlighted = page.getByRole("group", { name: "Highlighted" });
  for (const pattern of ["(a+)+$", "(.*a){20}x", "a*a*a*a*b"]) await expect(highlighted.getByText(`“${pattern}” takes too long in the browser`, { exact: false })).toBeVisible();
  await expect(highlighted.getByText("takes too long", { exact: false })).toHaveCount(3);
  console.log(`a link with deadly patterns, loading included: ${told(await frames(page))}`);
  await isAlive(page, hub, 95);
  await expect.poll(() => lit(page, "lit-1")).toEqual(["req-1", "req-2"]);
  await expect.poll(() => lit(page, "lit-4")).toEqual(["line 9"]);
  for (const name of ["wanted", "lit-0", "lit-2", "lit-3"]) expect([name, await lit(page, name)]).toEqual([name, []]);
  await page.screenshot({ path: "test-results/deadly.png" });
  expect(broken).toEqual([]);

  // Of other lines, without those that it was too much for, each is tried again.
  await page.getByRole("textbox", { name: "Leave out" }).fill("aaa");
  await expect(page.getByText("takes too long", { exact: false })).toHaveCount(0);
  await expect.poll(async () => (await lit(page, "wanted")).includes("line")).toBe(true);
});

test("a deadly pattern that is typed into find is told, and the field, the view and the next pattern go on", async ({ page, hub }) => {
  hub.write("app.log", 0, 90);
  hub.append("app.log", DEADLY);
  await hub.start();
  await watchFrames(page);
  await openLog(page, hub, "app.log");
  await frames(page);
  await page.keyboard.press("f");
  await page.keyboard.type("(a+)+$");
  await page.keyboard.press("Enter");
  const heavy = page.getByRole("status").filter({ hasText: "This pattern takes too long in the browser." });
  await expect(heavy).toBeVisible();
  console.log(`a deadly pattern in find: ${told(await frames(page))}`);
  await isAlive(page, hub, 90);
  await page.screenshot({ path: "test-results/deadly-find.png" });

  // Nothing was found, so the field still has the focus.
  await page.keyboard.press("Control+a");
  await page.keyboard.type("(?:l)+ine 1[37]$");
  await expect(page.getByRole("status").filter({ hasText: /^2 lines/ })).toBeVisible();
  await expect(heavy).toBeHidden();
  await page.keyboard.press("Shift+Enter");
  await expect(page.getByText("line 17", { exact: true })).toBeInViewport();
  await expect.poll(() => lit(page, "found-now")).toEqual(["line 17"]);
});
