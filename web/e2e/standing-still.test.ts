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

test("of thirty hosts three that stand still hold up neither the list, nor a view over all of them, nor the palette", async ({ page, hub }) => {
  test.setTimeout(180_000);
  await hub.start();
  const agents = Array.from({ length: 30 }, (_, i) => hub.agent(`web${String(i + 1).padStart(2, "0")}`));
  for (const agent of agents) {
    agent.append("shop.log", "first\n");
    agent.start();
  }
  await page.goto(hub.url);
  await expect(page.getByRole("row", { name: /^web\d\d/ })).toHaveCount(30, { timeout: 60_000 });
  await expect.poll(async () => ((await (await page.request.get(`${hub.url}api/v1/logs?match=web*:*shop.log`)).json()) as { logs: unknown[] }).logs.length).toBe(30);
  const stopped = [agents[4], agents[13], agents[29]].flatMap((agent) => (agent ? [agent] : []));
  for (const agent of stopped) agent.signal("SIGSTOP");

  await page.goto(`${hub.url}logs?match=web*:*shop.log`);
  await expect(page.getByText("No answer from web05, web14, web30.")).toBeVisible();
  await expect(page.getByRole("list", { name: "Logs of this view" }).getByRole("listitem")).toHaveCount(27 + 1);
  await expect(page.getByTestId("standing")).toHaveText("live");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("web27 shop");
  await expect(page.getByRole("dialog").getByRole("option").first()).toContainText("shop.log");
  await page.keyboard.press("Escape");

  await page.goto(hub.url);
  for (const { host } of stopped) await expect(page.getByRole("row", { name: new RegExp(`^${host}`) })).toContainText("does not answer: Nothing is heard");
  for (const agent of stopped) agent.signal("SIGCONT");
  await page.goto(`${hub.url}logs?match=web*:*shop.log`);
  await expect(page.getByText("No answer from")).toHaveCount(0);
  await expect(page.getByRole("list", { name: "Logs of this view" }).getByRole("listitem")).toHaveCount(30 + 1);
});
