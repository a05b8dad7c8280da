// What was missed while nobody looked, or was too much to send, is there when somebody looks.

import { expect, type Page } from "@playwright/test";
import { endsWith, isLive, looksAt, numbers, openLog, range, readAll, test, wheel } from "./hub";

test("a tab behind others lets its connection go, and in front again misses nothing", async ({ page, hub }) => {
  hub.write("app.log", 0, 500);
  await hub.start();
  const connected = page.waitForEvent("websocket");
  await openLog(page, hub, "app.log");
  const socket = await connected;
  await endsWith(page, 500);
  const gone = socket.waitForEvent("close");
  await looksAt(page, false);
  await gone;
  hub.write("app.log", 500, 3500);
  await looksAt(page, true);
  await isLive(page);
  hub.write("app.log", 3500, 3600);
  await endsWith(page, 3600);
  await wheel(page, -300);
  const read = await readAll(page, "up");
  expect(read).toEqual(range(0, read.length));
  expect(read.length).toBeGreaterThan(3500);
});

test("a tab that is looked at again soon keeps its connection", async ({ page, hub }) => {
  hub.write("app.log", 0, 50);
  await hub.start();
  let sockets = 0;
  page.on("websocket", () => sockets++);
  await openLog(page, hub, "app.log");
  await looksAt(page, false);
  await looksAt(page, true);
  hub.write("app.log", 50, 60);
  await endsWith(page, 60);
  expect(sockets).toBe(1);
});

test("a gap of many megabytes is read into its place page by page, and what is read stays where it is", async ({ page, hub }) => {
  test.setTimeout(180_000);
  hub.write("app.log", 0, 100);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 100);
  // More than is kept for a page that takes nothing for a while: what is left out is a gap.
  const wide = (n: number): string => `wide ${n} ${"y".repeat(980)}\n`;
  const busy = page.evaluate(() => {
    const until = performance.now() + 3000;
    while (performance.now() < until);
  });
  for (let i = 0; i < 40; i++) {
    hub.append("app.log", range(1000 * i, 1000 * (i + 1)).map(wide).join(""));
    await new Promise((turn) => setImmediate(turn));
  }
  await busy;
  const gap = page.locator('[data-mark="gap"]').first();
  // It goes up to the end, mostly; where lines came behind it, it is above the screen, and looked for there below.
  await expect(gap.or(page.getByText(/^wide 39999 /)).first()).toBeVisible({ timeout: 60_000 });
  // The burst is over when a line comes through at once.
  let ticks = 0;
  await expect(async () => {
    hub.append("app.log", `tick ${++ticks}\n`);
    await expect(page.getByText(`tick ${ticks}`, { exact: true })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
  hub.write("app.log", 100, 130);
  await expect(page.getByText("line 129", { exact: true })).toBeInViewport();
  await page.getByRole("button", { name: "Pause" }).click();
  expect(await scrollToGap(page, -1)).toBe(true);
  // What stands above the gap is what is read, and stays; below it, the lines that were missing come in.
  const above = await rowAbove(page);
  let pages = 0;
  do {
    const megabytes = await skipped(page);
    await gap.getByRole("button").click();
    await expect.poll(() => skipped(page)).not.toBe(megabytes);
    expect(await rowAbove(page)).toEqual(above);
    pages++;
    if (!(await scrollToGap(page, 1))) break;
    Object.assign(above, await rowAbove(page));
  } while (pages < 3);
  expect(pages).toBeGreaterThan(1);
});

/** Scrolls up or down, a screen at a time, until a gap stands in the middle of it, or there is none that way. */
function scrollToGap(page: Page, direction: 1 | -1): Promise<boolean> {
  return page.getByTestId("rows").evaluate(async (box, down) => {
    const gap = () => box.querySelector('[data-mark="gap"]');
    // Above, the rows may have to be read yet: its end is where nothing has moved for a hundred frames.
    let still = 0;
    while (!gap()) {
      const at = box.scrollTop;
      box.scrollTop += down * box.clientHeight;
      await new Promise((frame) => requestAnimationFrame(frame));
      still = box.scrollTop === at ? still + 1 : 0;
      if (still > 100) return false;
    }
    gap()?.scrollIntoView({ block: "center" });
    await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
    return true;
  }, direction);
}

/** How much the gap on the screen says was left out. */
async function skipped(page: Page): Promise<string> {
  const words = await page.locator('[data-mark="gap"]').allTextContents();
  return words.join("\n");
}

/** The row that the top of the box cuts, and where it stands. */
function rowAbove(page: Page): Promise<{ text: string; y: number }> {
  return page.getByTestId("rows").evaluate((box) => {
    const { top } = box.getBoundingClientRect();
    const row = [...box.querySelectorAll(".rows > *")].find((each) => each.getBoundingClientRect().bottom > top + 1);
    return { text: row?.textContent?.slice(0, 40) ?? "", y: row?.getBoundingClientRect().top ?? Number.NaN };
  });
}

test("what comes late into a rotated file is one mark however long its writer goes on, and is read into its place with nothing twice", async ({ page, hub }) => {
  hub.write("app.log", 0, 5);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 5, 5);
  hub.rotate("app.log");
  hub.write("app.log", 5, 8);
  await endsWith(page, 8, 8);
  const gap = page.locator('[data-mark="gap"]');
  for (const n of [100, 101, 102]) {
    const before = n > 100 ? await gap.textContent() : null;
    hub.write("app.log.1", n, n + 1);
    await expect(gap).toContainText("They came late, into a file that had been rotated away by then.");
    // It is told as longer when that line has come.
    if (before !== null) await expect(gap).not.toHaveText(before);
  }
  await expect(gap).toHaveCount(1);
  hub.write("app.log", 8, 10);
  await expect(page.getByText("line 9", { exact: true })).toBeVisible();
  await gap.getByRole("button").click();
  await expect(gap).toHaveCount(0);
  expect(await numbers(page)).toEqual([...range(0, 8), 100, 101, 102, 8, 9]);
  // Where it is read on, that is behind the newest file's lines, and each is there once.
  hub.write("app.log", 10, 12);
  await expect(page.getByText("line 11", { exact: true })).toBeVisible();
  expect(await numbers(page)).toEqual([...range(0, 8), 100, 101, 102, ...range(8, 12)]);
});
