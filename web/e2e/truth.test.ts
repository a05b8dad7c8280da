// That the page says how things stand: with real agents that stand still, die and come again, a hub that is killed or stopped, a device
// without a network, and files that go.

import { rmSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import { isLive, range, numbers, showsExactly, test } from "./hub";

/** Notes each change of the state over the view, with the page's own time of it and of the frame from the hub before it. */
async function watchState(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const noted: { words: string; at: number; heard: number }[] = [];
    let heard = 0;
    Object.assign(window, { noted });
    const Real = window.WebSocket;
    window.WebSocket = class extends Real {
      constructor(url: string | URL, protocol?: string | string[]) {
        super(url, protocol);
        this.addEventListener("message", () => (heard = Date.now()));
      }
    };
    const look = (): void => {
      const words = document.querySelector("[data-testid=standing]")?.textContent?.trim() ?? "";
      if (words !== noted.at(-1)?.words) noted.push({ words, at: Date.now(), heard });
    };
    document.addEventListener("DOMContentLoaded", () => {
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
  });
}

/** What the page noted when it stopped to say "live" for the last time. */
function endOfLive(page: Page): Promise<{ words: string; at: number; heard: number } | undefined> {
  return page.evaluate(() => {
    const { noted } = window as unknown as { noted: { words: string; at: number; heard: number }[] };
    return noted.find((_, i) => noted[i - 1]?.words === "live");
  });
}

const state = (page: Page) => page.getByTestId("standing");

test("with the agent standing still and every socket open, live ends 3 s after its last word, and is back with every line", async ({ page, hub }) => {
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("app.log", 0, 10);
  agent.start();
  await watchState(page);
  await page.goto(`${hub.url}logs?log=${agent.log("app.log")}`);
  await isLive(page);
  await showsExactly(page, 0, 10);
  agent.signal("SIGSTOP");
  await expect(state(page)).toHaveText(/^no word for \d+ s$/);
  const end = await endOfLive(page);
  // The page's own clock, from the last frame that came: no busy machine can make the timer early, and the bound is on being late.
  const late = (end?.at ?? 0) - (end?.heard ?? 0);
  expect(late).toBeGreaterThanOrEqual(2900);
  await expect(page.locator("p.why", { hasText: /Nothing was heard from web2 since \d/ })).toBeVisible();
  agent.write("app.log", 10, 200);
  agent.signal("SIGCONT");
  await isLive(page);
  await expect.poll(() => numbers(page).then((all) => all.at(-1))).toBe(199);
  await expect(page.locator("p.why")).toHaveCount(0);
});

test("an agent that dies is told in a row with its host, and so is its return; no line is missing and none is twice", async ({ page, hub }) => {
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("app.log", 0, 10);
  agent.start();
  await page.goto(`${hub.url}logs?log=${agent.log("app.log")}`);
  await isLive(page);
  await agent.kill();
  await expect(state(page)).toHaveText(/^host away for/);
  await expect(page.locator('[data-mark="agent_lost"]')).toContainText("Is the agent on web2 running");
  agent.write("app.log", 10, 15);
  agent.start();
  await isLive(page);
  await expect(page.locator('[data-mark="agent_back"]')).toContainText("web2 is connected again");
  agent.write("app.log", 15, 20);
  await showsExactly(page, 0, 20);
});

test("a hub that is killed is counted down to, tried at once on request, and goes on from the same line", async ({ page, hub }) => {
  hub.write("app.log", 0, 10);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await isLive(page);
  await hub.kill();
  await expect(state(page)).toHaveText(/^again in \d+ s$/);
  const why = page.locator("p.why", { hasText: "The connection to the hub was lost." });
  await expect(why).toBeVisible();
  hub.write("app.log", 10, 14);
  await hub.start();
  // It may have tried by itself the moment before.
  await page.getByRole("button", { name: "Try now" }).click({ timeout: 2000 }).catch(() => {});
  await isLive(page);
  await expect(why).toHaveCount(0);
  hub.write("app.log", 14, 20);
  await showsExactly(page, 0, 20);
});

test("a hub that says goodbye is told of calmly, until it is back", async ({ page, hub }) => {
  hub.write("app.log", 0, 10);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await isLive(page);
  await hub.stop();
  const why = page.locator("p.why", { hasText: "The hub restarts, and said so." });
  await expect(why).toBeVisible();
  await expect(page.locator(".why.bad")).toHaveCount(0);
  hub.write("app.log", 10, 14);
  await hub.start();
  await isLive(page);
  await expect(why).toHaveCount(0);
  await showsExactly(page, 0, 14);
});

test("without a network that is said, and with one again the view goes on at once", async ({ page, hub, context }) => {
  hub.write("app.log", 0, 10);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await isLive(page);
  await context.setOffline(true);
  await hub.kill();
  await expect(state(page)).toHaveText("offline");
  await expect(page.locator("p.why", { hasText: "This device has no network." })).toBeVisible();
  hub.write("app.log", 10, 20);
  await hub.start();
  await context.setOffline(false);
  await isLive(page);
  await showsExactly(page, 0, 20);
});

test("a file that goes is gone until there is another: not live, however often its agent confirms where it stood", async ({ page, hub }) => {
  hub.write("app.log", 0, 5);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await isLive(page);
  hub.delete("app.log");
  await expect(state(page)).toHaveText("gone for 4 s");
  await expect(page.locator('[data-mark="gone"]')).toContainText("The file was deleted.");
  hub.write("app.log", 5, 8);
  await isLive(page);
  await showsExactly(page, 0, 8);
});

test("a file that is not there yet is waited for", async ({ page, hub }) => {
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await expect(state(page)).toHaveText(/^not there for/);
  await expect(page.locator('[data-mark="waiting"]')).toContainText("There is no such file yet.");
  hub.write("app.log", 0, 3);
  await isLive(page);
  await showsExactly(page, 0, 3);
});

test("what befalls a file is told where it happened: emptied, rotated, half a line, gone for good", async ({ page, hub }) => {
  hub.write("app.log", 0, 5);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await isLive(page);
  hub.truncate("app.log");
  await expect(page.locator('[data-mark="truncated"]')).toContainText("emptied or rewritten");
  hub.append("app.log", "half a li");
  hub.rotate("app.log");
  hub.write("app.log", 5, 8);
  await expect(page.locator('[data-mark="unfinished"]')).toContainText("its writer stopped");
  await expect(page.locator('[data-mark="rotated"]')).toContainText("The old file ends above");
  await hub.kill();
  await expect(state(page)).not.toHaveText("live");
  // What the view stood in is nowhere any more when the hub is back.
  rmSync(hub.path("app.log.1"));
  hub.delete("app.log");
  hub.append("app.log", "something else altogether\n");
  await hub.start();
  await isLive(page);
  await expect(page.locator('[data-mark="lost"]')).toContainText("gone from the host");
  await expect(page.getByText("something else altogether")).toBeVisible();
});

test("over several logs the worst is said first, with which log it is, and each says its own", async ({ page, hub }) => {
  hub.write("app.log", 0, 5);
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("db.log", 0, 5);
  agent.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&log=${agent.log("db.log")}`);
  await isLive(page);
  agent.signal("SIGSTOP");
  await expect(state(page)).toHaveText(/^no word for \d+ s · 1 of 2 live$/);
  await expect(page.locator("p.why")).toContainText("db.log on web2");
  const legend = page.getByRole("list", { name: "Logs of this view" });
  await expect(legend.getByRole("button", { name: /^db\.log.*no word for/ })).toBeVisible();
  await expect(legend.getByRole("button", { name: /^app\.log/ })).not.toContainText("no word");
  hub.write("app.log", 5, 6);
  await expect(page.getByText("line 5")).toBeVisible();
  agent.signal("SIGCONT");
  await isLive(page);
});

test("a screen reader is told of a state once, politely, and is not read the lines that come", async ({ page, hub }) => {
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("app.log", 0, 5);
  agent.start();
  await page.goto(`${hub.url}logs?log=${agent.log("app.log")}`);
  const said = page.getByRole("status").and(page.getByTestId("said"));
  await expect(said).toHaveText("live");
  await said.evaluate((region) => {
    Object.assign(window, { changes: [] as string[] });
    new MutationObserver(() => (window as unknown as { changes: string[] }).changes.push(region.textContent ?? "")).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  agent.signal("SIGSTOP");
  await expect(state(page)).toHaveText("no word for 6 s");
  const changes = await page.evaluate(() => (window as unknown as { changes: string[] }).changes);
  expect(changes).toEqual([expect.stringMatching(/^Nothing was heard from web2/)]);
  await expect(page.getByRole("log")).toHaveAttribute("aria-live", "off");
  agent.signal("SIGCONT");
  await expect(said).toHaveText("live");
  expect(range(0, 5)).toEqual(await numbers(page));
});
