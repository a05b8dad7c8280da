// A leak as a page shows it, of a process that really leaks, on a host that nobody looked at. What names it counts ten whole minutes, so this
// takes twelve: `LEAK=1 npx playwright test leak`. Among the tests of each change stand the same words over simulated minutes (crates/hub).

import { expect } from "@playwright/test";
import { test } from "./hub";
import { Leaky } from "./neighbours";

const MINUTES = 12;

test.skip(!process.env["LEAK"], "it takes twelve minutes: LEAK=1 runs it");

test("what leaked while nobody looked is named to who opens the page, with what grew, how fast, and the time left", async ({ page, hub }, info) => {
  test.setTimeout((MINUTES + 3) * 60_000);
  hub.configure(["[agent]", "processes_history = true"]);
  await hub.start();
  const shop = new Leaky();
  try {
    await shop.start(300, true);
    await page.goto("about:blank");
    for (let half = 0; half < 2 * MINUTES; half++) {
      await shop.request(1);
      await page.waitForTimeout(30_000);
    }
    await page.goto(`${hub.url}processes`);
    const wrong = page.getByRole("region", { name: "What is wrong" }).getByRole("listitem").filter({ hasText: `pid ${shop.pid} on web1` });
    await expect(wrong).toContainText("Leak");
    await expect(wrong).toContainText(shop.peer);
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme });
      for (const width of [1400, 375]) {
        await page.setViewportSize({ width, height: 900 });
        await page.screenshot({ path: info.outputPath(`leak-${theme}-${width}.png`) });
      }
    }
    await page.setViewportSize({ width: 1400, height: 900 });
    await wrong.getByRole("link").click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("leaky-shop");
    await page.screenshot({ path: info.outputPath("leak-one.png") });
  } finally {
    await shop.end();
  }
});
