import { expect } from "@playwright/test";
import { endsWith, isLive, openLog, test } from "./hub";

test("the sheet of keys opens with a question mark, tells all keys, and Escape leads back to where one was", async ({ page, hub }) => {
  hub.write("app.log", 0, 10);
  await hub.start();
  await openLog(page, hub, "app.log");
  const filter = page.getByRole("button", { name: "Find", exact: true });
  await filter.focus();
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet).toBeVisible();
  for (const words of ["Pause, or follow the log again", "Select all lines that are held", "Next hit"]) await expect(sheet.getByText(words).first()).toBeVisible();
  await expect(sheet.locator("kbd").filter({ hasText: /^Shift$/ }).first()).toBeVisible();
  for (let i = 0; i < 6; i++) await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement === document.body || document.querySelector("dialog")?.contains(document.activeElement))).toBe(true);
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await expect(filter).toBeFocused();
});

test("single letters do nothing once they are switched off, and the switch is remembered", async ({ page, hub }) => {
  hub.write("app.log", 0, 400);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByLabel("Single letters are shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await page.reload();
  await endsWith(page, 400);
  await page.keyboard.press("g");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText("line 399")).toBeInViewport();
  await page.keyboard.press("Home");
  await expect(page.getByText("line 0", { exact: true })).toBeInViewport();
});

test("dark or light is the system's choice until one chooses, and stays chosen", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(hub.url);
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Light" }).click();
  await expect.poll(ground).toBe("rgb(255, 255, 255)");
  await page.reload();
  expect(await ground()).toBe("rgb(255, 255, 255)");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "System" }).click();
  await expect.poll(ground).toBe(dark);
});

test("the page speaks the language that is chosen, and stays where it is", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await openLog(page, hub, "app.log");
  const where = page.url();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "中文" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(page.getByRole("button", { name: "暂停" })).toBeVisible();
  expect(page.url()).toBe(where);
});

test("the frame leads to the list and back again by the browser's buttons", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Logs" }).click();
  await expect(page.getByRole("link", { name: /app\.log$/ })).toBeVisible();
  await page.goBack();
  await expect(page.getByTestId("standing")).toHaveText("live");
  await page.goForward();
  await expect(page.getByRole("link", { name: /app\.log$/ })).toBeVisible();
});

test("on a wall the lines are larger and nothing else is there, and Escape leads back", async ({ page, hub }) => {
  hub.write("app.log", 0, 100);
  await hub.start();
  await openLog(page, hub, "app.log");
  const height = async (): Promise<number> => (await page.locator(".row").last().boundingBox())?.height ?? 0;
  const before = await height();
  await page.keyboard.press("b");
  await expect(page.getByLabel("Show only")).toBeHidden();
  await expect(page.getByRole("button", { name: "Pause" })).toBeHidden();
  await expect(page.getByRole("navigation")).toHaveCount(0);
  await expect(page.getByTestId("standing")).toHaveText("live");
  await expect.poll(height).toBeGreaterThan(before * 1.3);
  expect(new URL(page.url()).searchParams.has("wall")).toBe(true);
  await page.reload();
  await isLive(page);
  await expect(page.getByText("line 99")).toBeInViewport();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
});

test("a link to all that is shown is in the clipboard by one key", async ({ page, hub }) => {
  hub.write("app.log", 0, 100);
  await hub.start();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=line`);
  await isLive(page);
  await page.keyboard.press("s");
  await expect(page.getByText("Link copied")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
});

test("on a phone, what is done most is in one row within reach of the thumb", async ({ page, hub }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  hub.write("app.log", 0, 100);
  await hub.start();
  await openLog(page, hub, "app.log");
  for (const name of ["Pause", "Filter", "Find", "Share"]) {
    const box = await page.getByRole("button", { name, exact: true }).boundingBox();
    expect(box?.y, name).toBeGreaterThan(740 - 60);
    expect(box?.height, name).toBeGreaterThanOrEqual(40);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  const bar = page.locator("footer");
  const height = (await bar.boundingBox())?.height;
  await page.keyboard.press("k");
  hub.write("app.log", 100, 1335);
  await expect(page.getByRole("button", { name: "Follow · 1,235 new lines" })).toHaveText("↓ 1K", { useInnerText: true });
  expect((await bar.boundingBox())?.height).toBe(height);
  await page.keyboard.press("G");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByLabel("Show only")).toBeVisible();
});

test("under a thumb the bar stays one row, whether the view follows or not and however many lines wait", async ({ browser, hub }) => {
  hub.write("app.log", 0, 300);
  await hub.start();
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  await openLog(page, hub, "app.log");
  const height = async (): Promise<number | undefined> => (await page.locator("footer").boundingBox())?.height;
  const row = await height();
  expect(row).toBeLessThan(60);
  await page.keyboard.press("k");
  await expect(page.getByRole("button", { name: "Follow", exact: true })).toBeVisible();
  expect(await height()).toBe(row);
  hub.write("app.log", 300, 20_000);
  await expect(page.getByRole("button", { name: "Follow · 19,700 new lines" })).toHaveText("↓ 20K", { useInnerText: true });
  expect(await height()).toBe(row);
  await context.close();
});

test("the palette offers a download of the file where one log is looked at, and of several none", async ({ page, hub }) => {
  for (const name of ["a.log", "b.log"]) hub.write(name, 0, 3);
  await hub.start();
  const logs = ["a.log", "b.log"].map((name) => `log=${hub.log(name)}`);
  for (const [query, offered] of [[logs[0], 1], [logs.join("&"), 0]] as const) {
    await page.goto(`${hub.url}logs?${query}`);
    await isLive(page);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("whole");
    await expect(page.getByRole("option", { name: /^Download the whole file/ })).toHaveCount(offered);
  }
});

test("on a phone nothing makes room for what became of a link, and what finds takes two rows", async ({ page, hub }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  hub.write("app.log", 0, 300);
  await hub.start();
  await openLog(page, hub, "app.log");
  const bar = page.locator("footer");
  const height = (await bar.boundingBox())?.height ?? 0;
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await expect(page.getByText("Link copied")).toBeInViewport();
  expect((await bar.boundingBox())?.height).toBe(height);
  await page.keyboard.press("f");
  await page.keyboard.type("line 299");
  await expect(page.getByRole("status").filter({ hasText: /^1 line/ })).toBeVisible();
  await page.screenshot({ path: "test-results/find-phone.png" });
  expect((await bar.boundingBox())?.height).toBeLessThanOrEqual(height + 90);
});
