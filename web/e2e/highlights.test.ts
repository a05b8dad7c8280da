// Words that stay lit while one reads on.

import { expect, type Page } from "@playwright/test";
import { endsWith, openLog, test } from "./hub";

/** What is lit up on the screen, by colour. */
function lit(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(() => {
    const names = [...CSS.highlights.keys()].filter((name) => name.startsWith("lit-") && (CSS.highlights.get(name)?.size ?? 0) > 0);
    return Object.fromEntries(names.map((name) => [name, [...new Set([...(CSS.highlights.get(name) ?? [])].map(String))]]));
  });
}

test("what was looked for is kept lit, with others, through what comes, into the address, and until it is taken away", async ({ page, hub }) => {
  hub.write("app.log", 0, 90);
  hub.append("app.log", "ERROR timeout of req-7\nWARN slow req-8\n");
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("f");
  await page.keyboard.type("TIMEOUT");
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(page.getByRole("textbox", { name: "Find in this view" })).toHaveValue("");
  await page.keyboard.type("req-\\d");
  await page.getByRole("button", { name: "Highlight", exact: true }).click();
  await expect.poll(() => lit(page)).toEqual({ "lit-0": ["timeout"], "lit-1": ["req-7", "req-8"] });
  await page.keyboard.press("Escape");

  hub.append("app.log", "INFO req-9 done\n");
  await expect.poll(async () => (await lit(page))["lit-1"]).toEqual(["req-7", "req-8", "req-9"]);
  expect(new URL(page.url()).searchParams.getAll("lit")).toEqual(["(?i)TIMEOUT", "(?i)req-\\d"]);
  await page.reload();
  await expect.poll(() => lit(page)).toEqual({ "lit-0": ["timeout"], "lit-1": ["req-7", "req-8", "req-9"] });
  await page.screenshot({ path: "test-results/highlights.png" });

  const highlighted = page.getByRole("group", { name: "Highlighted" });
  await highlighted.getByRole("button", { name: "Do not highlight TIMEOUT any more" }).click();
  await expect.poll(() => lit(page)).toEqual({ "lit-0": ["req-7", "req-8", "req-9"] });
  await highlighted.getByRole("button", { name: "Do not highlight req-\\d any more" }).click();
  await expect(highlighted).toBeHidden();
  expect(await lit(page)).toEqual({});
});

test("h highlights the words that are selected, and a click on them leads to the line that has them, far up", async ({ page, hub }) => {
  hub.append("app.log", "the first of req(7)\n");
  hub.write("app.log", 0, 20_000);
  hub.append("app.log", "the last of req(7)\n");
  hub.write("app.log", 20_000, 20_010);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 20_010);
  await page.getByText("the last of req(7)", { exact: true }).evaluate((row) => {
    const text = document.createTreeWalker(row, NodeFilter.SHOW_TEXT).nextNode();
    const range = document.createRange();
    range.setStart(text!, "the last of ".length);
    range.setEnd(text!, "the last of req(7)".length);
    getSelection()?.removeAllRanges();
    getSelection()?.addRange(range);
  });
  await page.keyboard.press("h");
  await expect.poll(() => lit(page)).toEqual({ "lit-0": ["req(7)"] });
  const words = page.getByRole("button", { name: "req(7)", exact: true });
  await words.click();
  await expect(page.getByText("the last of req(7)", { exact: true })).toBeInViewport();
  await page.keyboard.press("N");
  await expect(page.getByText("the first of req(7)", { exact: true })).toBeInViewport();
});

test("with nothing selected h asks for something to find; six are all there is room for, and the page says so", async ({ page, hub }) => {
  hub.write("app.log", 0, 100);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&lit=1&lit=2&lit=3&lit=4&lit=5`);
  await endsWith(page, 100);
  await page.keyboard.press("h");
  await expect(page.getByRole("textbox", { name: "Find in this view" })).toBeFocused();
  await page.keyboard.type("6");
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(page.getByText("Six is all there are colours for", { exact: false })).toBeVisible();
  await page.keyboard.type("7");
  await expect(page.getByRole("button", { name: "Highlight", exact: true })).toBeDisabled();
  await page.getByRole("button", { name: "Clear all" }).click();
  expect(new URL(page.url()).searchParams.has("lit")).toBe(false);
});

for (const [width, scheme] of [[390, "light"], [1280, "dark"]] as const)
  test(`chips of what is highlighted fit at ${width} in ${scheme}`, async ({ page, hub }) => {
    hub.append("app.log", "2026-01-02T03:04:05Z ERROR upstream timed out, client: 10.0.0.7, server: api, request: GET /orders/17\n");
    hub.write("app.log", 0, 12);
    await hub.start();
    await page.setViewportSize({ width, height: 700 });
    await page.emulateMedia({ colorScheme: scheme });
    const words = ["timed out", "10.0.0.7", "orders", "api", "line 3", "a word that is nowhere, and long enough to be cut on a phone"];
    await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&${words.map((word) => `lit=${encodeURIComponent(word)}`).join("&")}`);
    await expect(page.getByText("line 11", { exact: true })).toBeVisible();
    await expect.poll(async () => Object.keys(await lit(page)).length).toBe(5);
    await page.keyboard.press("f");
    await page.keyboard.type("client");
    await page.screenshot({ path: `test-results/highlights-${width}.png` });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });
