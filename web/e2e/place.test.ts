// Where the reader stands is in the address: for a reload, for back and forward, for a link to others.

import { expect, type Page } from "@playwright/test";
import { endsWith, isLive, numbers, openLog, range, test, wheel, type Hub } from "./hub";

const time = (n: number): string => new Date(Date.parse("2026-03-01T00:00:00Z") + n * 1000).toISOString();

/** A line a second; every tenth is an error. */
function log(hub: Hub, name: string, lines: number): void {
  hub.append(name, range(0, lines).map((n) => `${time(n)} ${n % 10 === 0 ? "ERROR" : "INFO"} number ${n}.\n`).join(""));
}

/** The first line that can be seen, and where it stands. */
function top(page: Page): Promise<{ text: string; y: number }> {
  return page.getByTestId("rows").evaluate((box) => {
    const edge = box.getBoundingClientRect().top;
    const row = [...box.querySelectorAll(".row")].find((each) => each.getBoundingClientRect().bottom > edge + 1);
    return { text: /number \d+\./.exec(row?.textContent ?? "")?.[0] ?? "", y: Math.round((row?.getBoundingClientRect().top ?? 0) - edge) };
  });
}

const param = (page: Page, name: string): string | null => new URL(page.url()).searchParams.get(name);

async function goTo(page: Page, goal: string): Promise<void> {
  await page.keyboard.press(":");
  await page.getByRole("textbox", { name: "Go to a place in the log" }).fill(goal);
  await page.keyboard.press("Enter");
}

const paused = (page: Page) => expect(page.getByRole("button", { name: /^Follow/ })).toBeVisible();
const follows = (page: Page) => expect(page.getByRole("button", { name: "Pause" })).toBeVisible();

test("scrolled up, the place is in the address, nothing moves for it, and a reload, back and forward lead there; following, it is gone", async ({ page, hub }) => {
  log(hub, "app.log", 5000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(page.getByText("number 4999.")).toBeInViewport();
  await page.mouse.move(400, 300);
  await wheel(page, -3000);
  const before = await top(page);
  await expect.poll(() => param(page, "top")).not.toBeNull();
  expect(await top(page)).toEqual(before);
  await page.reload();
  await isLive(page);
  await expect.poll(async () => (await top(page)).text).toBe(before.text);
  await paused(page);

  await page.getByRole("link", { name: "Hub", exact: true }).click();
  await expect(page).toHaveURL(/\/hub$/);
  await page.goBack();
  await isLive(page);
  await expect.poll(async () => (await top(page)).text).toBe(before.text);
  await paused(page);

  await page.keyboard.press("G");
  await expect(page.getByText("number 4999.")).toBeInViewport();
  await expect.poll(() => param(page, "top")).toBeNull();
  await follows(page);
});

test("paused at the end of a log that stands still, a reload is paused there, too", async ({ page, hub }) => {
  log(hub, "app.log", 500);
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(page.getByText("number 499.")).toBeInViewport();
  await page.keyboard.press("Space");
  await expect.poll(() => param(page, "top")).not.toBeNull();
  await page.reload();
  await isLive(page);
  await expect(page.getByText("number 499.")).toBeInViewport();
  await paused(page);
  log(hub, "app.log", 3);
  await expect(page.getByRole("button", { name: "Follow · 3 new lines" })).toBeVisible();
});

test("a time that was gone to is an entry of its own, and its mark stays in the address as long as it is the place", async ({ page, hub, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  log(hub, "app.log", 5000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await goTo(page, "00:30");
  await expect(page.getByText("number 1800.")).toBeInViewport();
  await expect.poll(() => param(page, "at")).not.toBeNull();
  const marked = page.url();
  await goTo(page, "80%");
  await expect.poll(() => param(page, "top")).not.toBeNull();
  expect(param(page, "at")).toBeNull();
  const share = await top(page);
  await page.keyboard.press("s");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
  await page.goBack();
  await expect(page.getByText("number 1800.")).toBeInViewport();
  await expect(page).toHaveURL(marked);
  await page.goForward();
  await expect.poll(async () => (await top(page)).text).toBe(share.text);
  await page.goBack();
  await expect(page.getByText("number 1800.")).toBeInViewport();
  await page.keyboard.press("G");
  await expect(page.getByText("number 4999.")).toBeInViewport();
  await page.keyboard.press("s");
  expect(await page.evaluate(() => navigator.clipboard.readText())).not.toContain("at=");
  expect(param(page, "at")).toBeNull();
});

test("each filter is an entry, and while one reads further up it keeps the place", async ({ page, hub }) => {
  log(hub, "app.log", 5000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await goTo(page, "50%");
  const read = Number(/\d+/.exec((await top(page)).text)?.[0]);
  expect(read).toBeGreaterThan(2000);
  const filter = page.getByRole("textbox", { name: "Show only" });
  await filter.fill("ERROR");
  await expect.poll(() => param(page, "grep")).toBe("ERROR");
  const next = `number ${Math.ceil(read / 10) * 10}.`;
  await expect.poll(async () => (await top(page)).text).toBe(next);
  await paused(page);
  await filter.fill("ERROR number ..50");
  await expect.poll(() => param(page, "grep")).toBe("ERROR number ..50");
  await page.goBack();
  await expect.poll(() => param(page, "grep")).toBe("ERROR");
  await expect.poll(async () => (await top(page)).text).toBe(next);
  await page.goBack();
  await expect.poll(() => param(page, "grep")).toBeNull();
  await expect.poll(async () => (await top(page)).text).toBe(`number ${read}.`);
});

test("a link that is pasted into the field leads where it says, also to another log and to none of its lines", async ({ page, hub }) => {
  log(hub, "app.log", 3000);
  hub.write("other.log", 0, 3000);
  await hub.start();
  await openLog(page, hub, "other.log");
  await endsWith(page, 3000);
  const live = page.url();
  await goTo(page, "0%");
  await expect.poll(() => numbers(page)).toContain(0);
  await page.getByText("line 7", { exact: true }).click();
  await openLog(page, hub, "app.log");
  await goTo(page, live);
  await endsWith(page, 3000);
  await goTo(page, `${hub.url}logs?log=${encodeURIComponent(hub.log("app.log"))}&grep=ERROR`);
  await expect(page.getByText("number 2990.")).toBeInViewport();
  await expect.poll(() => param(page, "grep")).toBe("ERROR");
});
