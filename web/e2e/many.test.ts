import { appendFileSync, rmSync } from "node:fs";
import { expect } from "@playwright/test";
import type { Page } from "@playwright/test";
import { isLive, range, rowOf, test, type Hub } from "./hub";

/** A line with a time, so that logs can be put in order. */
function stamped(second: number, text: string): string {
  return `${new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()} ${text}\n`;
}

function writeTwo(hub: Hub, from: number, to: number): void {
  for (let i = from; i < to; i++) hub.append(i % 2 === 0 ? "a.log" : "b.log", stamped(i, `event ${i}`));
}

async function openBoth(page: Page, hub: Hub, more = ""): Promise<void> {
  await page.goto(`${hub.url}logs?log=${hub.log("a.log")}&log=${hub.log("b.log")}${more}`);
  await expect.poll(() => page.getByTestId("standing").allTextContents()).toEqual(more.includes("panes") ? ["live", "live"] : ["live"]);
}

/** The numbers of the events on the page, from top to bottom. */
function events(page: Page, inside = "body"): Promise<number[]> {
  return page
    .locator(`${inside} .row .text`)
    .evaluateAll((rows) => rows.flatMap((row) => /event (\d+)$/.exec(row.textContent ?? "")?.[1] ?? []).map(Number));
}

test("a muted log's lines are left out and come back whole, and who is muted is in the address", async ({ page, hub }) => {
  writeTwo(hub, 0, 20);
  await hub.start();
  await openBoth(page, hub);
  await expect.poll(() => events(page)).toEqual(range(0, 20));
  await page.getByRole("button", { name: "b.log", exact: true }).click();
  await expect.poll(() => events(page)).toEqual(range(0, 20).filter((n) => n % 2 === 0));
  expect(new URL(page.url()).searchParams.getAll("mute")).toEqual([hub.log("b.log")]);
  writeTwo(hub, 20, 26);
  await expect.poll(() => events(page)).toEqual(range(0, 26).filter((n) => n % 2 === 0));
  await page.reload();
  await expect.poll(() => events(page)).toEqual(range(0, 26).filter((n) => n % 2 === 0));
  await page.getByRole("button", { name: "Show all" }).click();
  await expect.poll(() => events(page)).toEqual(range(0, 26));
});

test("a mute ends with the last other log that is left out", async ({ page, hub }) => {
  writeTwo(hub, 0, 6);
  await hub.start();
  await openBoth(page, hub, `&mute=${hub.log("a.log")}`);
  await expect.poll(() => events(page)).toEqual([1, 3, 5]);
  await page.getByRole("button", { name: "Leave b.log out" }).click();
  await expect.poll(() => events(page)).toEqual([0, 2, 4]);
  expect(new URL(page.url()).searchParams.has("mute")).toBe(false);
});

test("a pattern that stands three times in the address is one pattern", async ({ page, hub }) => {
  writeTwo(hub, 0, 20);
  await hub.start();
  await openBoth(page, hub, "&grep=event&grep=event&grep=event&exclude=9&exclude=9&exclude=9");
  await expect.poll(() => events(page)).toEqual([...range(0, 9), ...range(10, 19)]);
});

test("one log alone is one click, or Alt and a click, and all of them another", async ({ page, hub }) => {
  writeTwo(hub, 0, 10);
  await hub.start();
  await openBoth(page, hub);
  await page.getByRole("button", { name: "Show only a.log" }).click();
  await expect.poll(() => events(page)).toEqual([0, 2, 4, 6, 8]);
  await page.getByRole("button", { name: "Show only a.log" }).click();
  await expect.poll(() => events(page)).toEqual(range(0, 10));
  await page.getByRole("button", { name: "b.log", exact: true }).click({ modifiers: ["Alt"] });
  await expect.poll(() => events(page)).toEqual([1, 3, 5, 7, 9]);
});

test("a live line that is a little late stands where its time belongs, and one that is very late says so", async ({ page, hub }) => {
  hub.append("a.log", stamped(0, "event 0"));
  hub.append("b.log", stamped(0, "event 1"));
  await hub.start();
  await openBoth(page, hub);
  hub.append("a.log", stamped(11, "event 3"));
  await expect.poll(() => events(page)).toEqual([0, 1, 3]);
  hub.append("b.log", stamped(10, "event 2"));
  await expect.poll(() => events(page)).toEqual([0, 1, 2, 3]);
  hub.append("a.log", stamped(60, "event 4"));
  await expect.poll(() => events(page)).toEqual([0, 1, 2, 3, 4]);
  hub.append("b.log", stamped(20, "event 5"));
  await expect.poll(() => events(page)).toEqual([0, 1, 2, 3, 4, 5]);
  await expect(page.locator(".row", { hasText: "event 5" })).toContainText("40 s late");
});

test("panes and one merged view are one click apart, each an address", async ({ page, hub }) => {
  writeTwo(hub, 0, 20);
  await hub.start();
  await openBoth(page, hub);
  await page.getByRole("button", { name: "Side by side" }).click();
  await expect.poll(() => page.getByTestId("standing").allTextContents()).toEqual(["live", "live"]);
  expect(new URL(page.url()).searchParams.get("panes")).toBe("columns");
  const panes = page.locator(".pane");
  await expect(panes).toHaveCount(2);
  await expect.poll(() => events(page, ".pane:first-child")).toEqual(range(0, 20).filter((n) => n % 2 === 0));
  await expect.poll(() => events(page, ".pane:last-child")).toEqual(range(0, 20).filter((n) => n % 2 === 1));
  const [left, right] = [await panes.nth(0).boundingBox(), await panes.nth(1).boundingBox()];
  expect(left?.y).toBe(right?.y);
  writeTwo(hub, 20, 22);
  await expect(panes.nth(0).getByText("event 20")).toBeInViewport();
  await expect(panes.nth(1).getByText("event 21")).toBeInViewport();
  await page.getByRole("button", { name: "One below the other" }).click();
  await expect.poll(async () => (await panes.nth(1).boundingBox())?.x).toBe(left?.x);
  await page.getByRole("button", { name: "Merged into one" }).click();
  await expect.poll(() => events(page)).toEqual(range(0, 22));
  await page.goBack();
  await page.goBack();
  await expect(panes).toHaveCount(2);
});

test("the border between two panes is moved by pointer and by keyboard", async ({ page, hub }) => {
  writeTwo(hub, 0, 4);
  await hub.start();
  await openBoth(page, hub, "&panes");
  const left = page.locator(".pane").first();
  const border = page.getByRole("separator");
  const before = (await left.boundingBox())?.width ?? 0;
  await border.focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await left.boundingBox())?.width ?? 0).toBeGreaterThan(before + 20);
  await expect(border).toHaveAttribute("aria-valuenow", "55");
  const at = await border.boundingBox();
  await page.mouse.move((at?.x ?? 0) + 3, (at?.y ?? 0) + 100);
  await page.mouse.down();
  await page.mouse.move((at?.x ?? 0) - 297, (at?.y ?? 0) + 100, { steps: 3 });
  await page.mouse.up();
  await expect.poll(async () => (await left.boundingBox())?.width ?? 0).toBeLessThan(before - 100);
});

test("one filter is for all panes, until one of them has its own", async ({ page, hub }) => {
  writeTwo(hub, 0, 40);
  await hub.start();
  await openBoth(page, hub, "&panes");
  const [left, right] = [page.locator(".pane").first(), page.locator(".pane").last()];
  await page.getByLabel("Show only").fill("event 1");
  await expect.poll(() => events(page, ".pane:first-child")).toEqual([10, 12, 14, 16, 18]);
  await expect.poll(() => events(page, ".pane:last-child")).toEqual([1, 11, 13, 15, 17, 19]);
  await right.getByRole("button", { name: "Filter" }).click();
  await right.getByLabel("Show only").fill("event 3");
  await expect.poll(() => events(page, ".pane:last-child")).toEqual([3, 31, 33, 35, 37, 39]);
  await expect.poll(() => events(page, ".pane:first-child")).toEqual([10, 12, 14, 16, 18]);
  await expect(right.getByRole("button", { name: "Own filter" })).toBeVisible();
  await page.reload();
  await expect.poll(() => events(page, ".pane:last-child")).toEqual([3, 31, 33, 35, 37, 39]);
  await expect(left.getByRole("button", { name: "Own filter" })).toHaveCount(0);
});

test("with the same time chosen, the other panes go where one goes", async ({ page, hub }) => {
  writeTwo(hub, 0, 4000);
  await hub.start();
  await openBoth(page, hub, "&panes&sync");
  const [left, right] = [page.locator(".pane").first(), page.locator(".pane").last()];
  await left.getByTestId("rows").click();
  await page.keyboard.press("Home");
  await expect(left.getByText("event 0", { exact: false }).first()).toBeInViewport();
  await rowOf(page, /event 20$/, left).getByRole("link").click();
  await expect(right.getByText("event 21", { exact: false }).first()).toBeInViewport();
  await page.reload();
  await expect(left.locator(".marked .text")).toContainText("event 20");
  await expect(right.getByText("event 21", { exact: false }).first()).toBeInViewport();
});

test("what matches a glob is one view: who appears joins it, who goes is told", async ({ page, hub }) => {
  hub.append("nginx-a.log", stamped(0, "event 0"));
  hub.append("other.log", stamped(0, "event 99"));
  await hub.start();
  await page.goto(`${hub.url}logs?match=web*:${hub.path("nginx-*.log")}`);
  await isLive(page);
  await expect.poll(() => events(page)).toEqual([0]);
  appendFileSync(hub.path("nginx-b.log"), stamped(1, "event 1"));
  await expect(page.locator('[data-mark="joined"]')).toContainText("nginx-b.log");
  await expect.poll(() => events(page)).toEqual([0, 1]);
  hub.append("nginx-b.log", stamped(2, "event 2"));
  hub.append("nginx-a.log", stamped(3, "event 3"));
  await expect.poll(() => events(page)).toEqual([0, 1, 2, 3]);
  rmSync(hub.path("nginx-b.log"));
  await expect(page.locator('[data-mark="left"]')).toContainText("nginx-b.log");
  hub.append("nginx-a.log", stamped(4, "event 4"));
  await expect.poll(() => events(page)).toEqual([0, 1, 2, 3, 4]);
});

test("a glob that nothing matches says so, and shows what appears", async ({ page, hub }) => {
  hub.append("other.log", "line 0\n");
  await hub.start();
  await page.goto(`${hub.url}logs?match=*:${hub.path("late-*.log")}`);
  await expect(page.getByRole("status")).toContainText("No log matches");
  hub.append("late-1.log", stamped(0, "event 0"));
  await expect.poll(() => events(page)).toEqual([0]);
});

test("more logs than fit into one view are told in words", async ({ page, hub }) => {
  for (let i = 0; i < 40; i++) hub.append(`many-${i}.log`, stamped(i, `event ${i}`));
  await hub.start();
  await page.goto(`${hub.url}logs?match=*:${hub.path("many-*.log")}`);
  await expect(page.getByText(/^40 logs match, 32 of them are shown/)).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("32 of 40 logs");
  await expect(page).toHaveTitle(/32 of 40 logs/);
  await expect(page.locator("main li[role]")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^Show only many-/ })).toHaveCount(32);
});

test("of several logs it is said of which one the place in the file is", async ({ page, hub }) => {
  hub.write("access.log", 0, 40_000);
  hub.write("slow.log", 0, 300);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("access.log")}&log=${hub.log("slow.log")}`);
  await isLive(page);
  await expect(page.getByText(/^100% of 4\d\d kB in access\.log$/)).toBeVisible();
  await page.screenshot({ path: "test-results/place-of.png" });
  await expect(page.getByRole("scrollbar")).toHaveAttribute("aria-valuetext", /in access\.log$/);
});
