// New lines read by a screen reader, when that is asked for.

import { expect } from "@playwright/test";
import { endsWith, openLog, test } from "./hub";

test("on request new lines are given to a screen reader, a few at a time, while one follows; and no longer when that is taken back", async ({ page, hub }) => {
  hub.write("app.log", 0, 50);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 50);
  const region = page.getByTestId("aloud");
  await expect(region).toHaveAttribute("aria-live", "polite");
  await expect(page.getByRole("log")).toHaveAttribute("aria-live", "off");
  await page.keyboard.press("r");
  await expect(page.getByRole("status").filter({ hasText: "New lines are read aloud while the view follows" })).toHaveCount(1);
  await expect(region).toBeEmpty();
  hub.write("app.log", 50, 52);
  await expect(region.getByText("line 51", { exact: true })).toHaveCount(1);
  hub.write("app.log", 52, 452);
  await expect(region.getByText(/^and \d+ more lines$/)).toHaveCount(1);
  expect(await region.locator("p").count()).toBeLessThanOrEqual(4);
  await page.screenshot({ path: "test-results/aloud.png" });

  await page.keyboard.press("Space");
  await expect(region).toBeEmpty();
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  hub.write("app.log", 452, 453);
  await expect(region.getByText("line 452", { exact: true })).toHaveCount(1);
  await page.keyboard.press("r");
  await expect(page.getByRole("status").filter({ hasText: "New lines are no longer read aloud." })).toHaveCount(1);
  await expect(region).toBeEmpty();
});
