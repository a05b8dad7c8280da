// Addresses that lead nowhere, or not quite: what is wrong is said in the reader's language, and takes nothing from what is right.

import { expect } from "@playwright/test";
import { zh } from "../src/messages/zh";
import { showsExactly, test } from "./hub";

test.beforeEach(({ page }) => page.addInitScript(() => localStorage.setItem("tailcast.language", "zh")));

test("a link whose place is garbled, or of another log, says so, and the view is live", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  hub.write("other.log", 0, 3);
  await hub.start();
  const { lines } = (await (await fetch(`${hub.url}api/v1/lines?log=${hub.log("other.log")}&last=2`)).json()) as { lines: { position: string }[] };
  for (const at of ["GARBAGE", lines[0]?.position ?? ""]) {
    await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&at=${at}`);
    await expect(page.getByRole("alert")).toContainText(zh.reading_bad_link);
    await expect(page.getByTestId("standing")).toHaveText(zh.standing_live);
  }
  await page.getByRole("button", { name: zh.reading_to_end }).click();
  await showsExactly(page, 0, 3);
});

test("what is no name of a log is said to be none, and the logs beside it are shown", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await page.goto(`${hub.url}logs?log=foobar`);
  await expect(page.getByRole("alert")).toHaveText(zh.view_no_name("foobar"));
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&log=web1:/a%00b`);
  await expect(page.getByRole("alert")).toHaveText(zh.view_no_name("web1:/a\\x00b"));
  await showsExactly(page, 0, 3);
  await page.goto(`${hub.url}logs?log=web1:/${"long".repeat(1250)}`);
  await expect(page.getByRole("alert")).toContainText(zh.view_no_name("…").slice(1));
  expect((await page.getByRole("alert").textContent())?.length).toBeLessThan(400);
});

test("a glob that is not written to its end is said to be so, in a view and in the list", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await page.goto(`${hub.url}logs?match=web1:[`);
  await expect(page.getByRole("alert")).toHaveText(`web1:[: ${zh.glob_unfinished}`);
  await page.goto(`${hub.url}hosts`);
  await expect(page.getByRole("link", { name: "app.log" })).toBeVisible();
  for (const glob of ["[", "web1:{a,b"]) {
    await page.getByRole("searchbox").fill(glob);
    await expect(page.locator(".nothing")).toContainText(zh.glob_unfinished);
  }
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/hosts\?/);
});

test("a log with a very long name leaves room for its lines", async ({ page, hub }) => {
  await hub.start();
  await page.goto(`${hub.url}logs?log=web1:/${"long/".repeat(800)}a.log`);
  await expect(page.locator("[data-mark]")).toBeVisible();
  const head = await page.getByRole("heading", { level: 1 }).boundingBox();
  expect(head?.height).toBeLessThan(100);
  await page.screenshot({ path: "test-results/long-name.png" });
});

test("an address without a page says so over the list, and one with a slash too many leads on", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await page.goto(`${hub.url}foo`);
  await expect(page.getByRole("alert")).toHaveText(zh.frame_no_page);
  await page.getByRole("link", { name: "app.log" }).click();
  await showsExactly(page, 0, 3);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.goto(`${hub.url}logs/?log=${hub.log("app.log")}`);
  await showsExactly(page, 0, 3);
});
