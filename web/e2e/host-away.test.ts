// A view over logs of two hosts of which one is away: what the other one has is shown, and what is missing is said and joins by itself.

import { expect } from "@playwright/test";
import type { Page } from "@playwright/test";
import type { Agent } from "./agent";
import { isLive, range, rowOf, test, type Hub } from "./hub";

const stamped = (n: number): string => `${new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString()} event ${n}\n`;

/** Even events on the hub's own host, odd ones on another. */
async function twoHosts(hub: Hub): Promise<Agent> {
  await hub.start();
  const agent = hub.agent("web2");
  for (const n of range(0, 10)) (n % 2 === 0 ? hub : agent).append("app.log", stamped(n));
  agent.start();
  await hub.has(agent);
  return agent;
}

const merged = (hub: Hub, agent: Agent): string => `${hub.url}logs?log=${hub.log("app.log")}&log=${agent.log("app.log")}`;

function events(page: Page): Promise<number[]> {
  return page.locator(".row .text").evaluateAll((rows) => rows.flatMap((row) => /event (\d+)$/.exec(row.textContent ?? "")?.[1] ?? []).map(Number));
}

const shows = (page: Page, ...numbers: number[]) => expect.poll(() => events(page)).toEqual(numbers);

test("of two hosts one that is away takes nothing from the other, and its lines join by themselves where their times belong", async ({ page, hub }) => {
  const agent = await twoHosts(hub);
  await agent.kill();
  await page.goto(merged(hub, agent));
  await shows(page, 0, 2, 4, 6, 8);
  await expect(page.locator('.legend li:has-text("web2") .state')).toContainText("host away");
  hub.append("app.log", stamped(10));
  await shows(page, 0, 2, 4, 6, 8, 10);
  await page.keyboard.press("g");
  await page.keyboard.press("G");
  await shows(page, 0, 2, 4, 6, 8, 10);
  await page.keyboard.press("/");
  await page.keyboard.type("event");
  await page.keyboard.press("Enter");
  await shows(page, 0, 2, 4, 6, 8, 10);
  agent.start();
  await isLive(page);
  await shows(page, ...range(0, 11));
});

test("a host that stands still holds up no other one", async ({ page, hub }) => {
  const agent = await twoHosts(hub);
  agent.signal("SIGSTOP");
  await page.goto(merged(hub, agent));
  await shows(page, 0, 2, 4, 6, 8);
  hub.append("app.log", stamped(10));
  await shows(page, 0, 2, 4, 6, 8, 10);
  agent.signal("SIGCONT");
  await isLive(page);
  await shows(page, ...range(0, 11));
});

test("a log that is not offered, or of an unknown host, is said to be so beside the lines of the other", async ({ page, hub }) => {
  const agent = await twoHosts(hub);
  for (const [log, why] of [
    ["web1:/etc/passwd", "not offered"],
    ["web9:/var/log/app.log", "host away"],
  ] as const) {
    await page.goto(`${hub.url}logs?log=${agent.log("app.log")}&log=${log}`);
    await shows(page, 1, 3, 5, 7, 9);
    // In a list: for an instant the other log may still say that it is being opened.
    await expect(page.locator(".legend .state")).toContainText([why]);
    await expect(page.locator(".problem")).toHaveCount(0);
  }
});

test("a link to a line on a host that is away says so, and leads to the line as soon as the host is back", async ({ page, hub }) => {
  const agent = await twoHosts(hub);
  await page.goto(`${hub.url}logs?log=${agent.log("app.log")}`);
  await shows(page, 1, 3, 5, 7, 9);
  await rowOf(page, /event 5$/).getByRole("link").click();
  await expect(page).toHaveURL(/at=/);
  const link = page.url();
  await agent.kill();
  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.getByRole("alert")).toContainText("web2");
  await expect(page.getByTestId("standing")).toContainText("host away");
  agent.start();
  await expect(page.locator(".marked .text")).toContainText("event 5");
  await expect(page.locator(".problem")).toHaveCount(0);
  await isLive(page);
});

test("panes of one file on two hosts name the file and the hosts, and have a button to share", async ({ page, hub, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const agent = await twoHosts(hub);
  await page.goto(`${merged(hub, agent)}&panes`);
  await expect(page.getByTestId("standing")).toHaveText(["live", "live"]);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("app.log 2 logs in panes");
  await expect(page.getByRole("heading", { level: 2 })).toHaveText([/web1\s+app\.log/, /web2\s+app\.log/]);
  await page.getByRole("button", { name: "Share" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
  await page.setViewportSize({ width: 360, height: 720 });
  await page.screenshot({ path: "test-results/panes-phone.png" });
  await expect(page.getByRole("button", { name: "Share" })).toBeInViewport();
  await page.getByRole("button", { name: "Go to a log, a host or an action" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
});

test("on a phone the names beside the lines tell logs apart that begin alike", async ({ page, hub }) => {
  const agent = await twoHosts(hub);
  hub.append("api.log", stamped(11));
  await page.setViewportSize({ width: 360, height: 720 });
  await page.goto(`${merged(hub, agent)}&log=${hub.log("api.log")}`);
  await shows(page, ...range(0, 10), 11);
  const tags = page.locator(".row .tag");
  const said = await tags.evaluateAll((all) => all.map((tag) => [getComputedStyle(tag, "::before").content, tag.scrollWidth <= tag.clientWidth]));
  expect(new Set(said.map(([words]) => words)).size).toBe(3);
  expect(said.every(([, fits]) => fits)).toBe(true);
  await page.screenshot({ path: "test-results/merged-phone.png" });
});

test("finding looks through the host that is there, and names the log of the one that is away", async ({ page, hub }) => {
  await hub.start();
  const agent = hub.agent("web2");
  hub.append("app.log", `${stamped(0).trimEnd()} needle\n`);
  for (const log of [hub, agent]) log.append("app.log", range(1, 2000).map(stamped).join(""));
  agent.start();
  await hub.has(agent);
  await page.goto(merged(hub, agent));
  await isLive(page);
  await agent.kill();
  await expect(page.locator('.legend li:has-text("web2") .state')).toContainText("host away");
  await page.keyboard.press("f");
  await page.keyboard.type("needle");
  await page.keyboard.press("Enter");
  await expect(page.locator(".find [role=status]")).toContainText(`${agent.log("app.log")} could not be looked through.`);
  await expect(rowOf(page, /event 0 needle$/)).toBeVisible();
});
