// A host whose agent stands still with its link open, as on a machine that swaps itself to death: what is said of it, and of the others.

import { expect } from "@playwright/test";
import { test } from "./hub";

test("a host that stands still does not keep the logs of the others from the list, and of no host more is said than is known", async ({ page, hub }) => {
  hub.append("orders.log", "first\n");
  await hub.start();
  const agent = hub.agent("db1");
  agent.append("postgres.log", "first\n");
  agent.start();
  await page.goto(hub.url);
  await expect(page.getByRole("row", { name: /postgres\.log/ })).toBeVisible();

  agent.signal("SIGSTOP");
  await page.addInitScript(() => {
    const said = new Set<string>();
    Object.assign(window, { said });
    new MutationObserver(() => {
      for (const state of document.querySelectorAll(".row.host .state")) said.add(state.textContent ?? "");
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await page.goto(hub.url);
  await expect(page.getByRole("row", { name: /orders\.log/ })).toBeVisible({ timeout: 10_000 });
  await expect(page.getByRole("row", { name: /^db1/ })).toContainText("does not answer: Nothing is heard of the agent on db1");
  const said = await page.evaluate(() => [...(window as unknown as { said: Set<string> }).said]);
  expect(said).toContain("is asked for its logs…");
  expect(said).not.toContain("offers no logs");

  agent.signal("SIGCONT");
  await expect(page.getByRole("row", { name: /postgres\.log/ })).toBeVisible();
});
