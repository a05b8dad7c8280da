// What the page says of a host that cannot do all that is wanted: real agents without rights, without inotify, and a filter that finds
// nothing in a long file.

import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { expect } from "@playwright/test";
import { isLive, showsExactly, test } from "./hub";

/** A program that becomes the agent, in a user namespace of its own: it owns its files, and root's rights over them are gone. */
const WITHOUT_RIGHTS = ["unshare", "--user"];
/** In a namespace whose own count of watches is used up before it begins. */
const WITHOUT_WATCHES = ["unshare", "--user", "--map-root-user", "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_watches; exec "$0" "$@"'];

const able = (through: readonly string[]): boolean => spawnSync(through[0] ?? "", [...through.slice(1), "true"]).status === 0;

test("a log that its agent may not read is listed with the reason and cannot be opened, and a link to it says what to do", async ({ page, hub }) => {
  test.skip(!able(WITHOUT_RIGHTS), "this machine gives its users no namespaces");
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("app.log", 0, 3);
  agent.write("secret.log", 0, 3);
  chmodSync(agent.path("secret.log"), 0);
  agent.start([agent.dir], WITHOUT_RIGHTS);
  await hub.has(agent);
  await page.goto(`${hub.url}hosts`);
  const row = page.getByRole("row", { name: "secret.log" });
  await expect(row).toContainText("permission denied");
  await expect(row.getByRole("checkbox")).toBeDisabled();
  await expect(row.getByRole("link")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "app.log" })).toBeVisible();
  await page.goto(`${hub.url}logs?log=${agent.log("secret.log")}`);
  await expect(page.locator("[data-mark]")).toContainText("may not read");
  await expect(page.getByTestId("standing")).not.toHaveText("live");
  chmodSync(agent.path("secret.log"), 0o600);
  await isLive(page);
  await showsExactly(page, 0, 3);
});

test("a host whose inotify is used up says that lines come late and what to raise, to whoever comes when, and they come", async ({ page, hub, context }) => {
  test.skip(!able(WITHOUT_WATCHES), "this machine gives its users no namespaces");
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("app.log", 0, 3);
  agent.start([agent.dir], WITHOUT_WATCHES);
  await hub.has(agent);
  await page.goto(`${hub.url}logs?log=${agent.log("app.log")}`);
  await isLive(page);
  const marker = page.locator('[data-mark="polling"]');
  await expect(marker).toContainText("Up to 2 s late");
  await expect(marker).toContainText("fs.inotify.max_user_watches");
  agent.write("app.log", 3, 6);
  await showsExactly(page, 0, 6);
  for (const filter of ["", "&grep=line"]) {
    const later = await context.newPage();
    await later.goto(`${hub.url}logs?log=${agent.log("app.log")}${filter}`);
    await isLive(later);
    await expect(later.locator('[data-mark="polling"]')).toContainText("fs.inotify.max_user_watches");
  }
});

test("a filter that finds nothing in the end of a long file says how far it was looked, and goes on from there", async ({ page, hub }) => {
  test.setTimeout(120_000);
  hub.append("app.log", "needle at the very top\n");
  const chunk = `${"x".repeat(1023)}\n`.repeat(16 * 1024);
  for (let i = 0; i < 17; i++) hub.append("app.log", chunk);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=needle`);
  const marker = page.locator('[data-mark="limit"]');
  await expect(marker).toContainText("Stopped looking", { timeout: 60_000 });
  await expect(marker).toContainText(/The last [\d.]+ MB were looked through/);
  await isLive(page);
  hub.append("app.log", "a needle now\n");
  await expect(page.getByText("a needle now")).toBeVisible();
  // How often depends on how fast the machine is.
  await expect(async () => {
    await page.getByRole("button", { name: /Look further/ }).click({ timeout: 1000 });
    await expect(page.getByText("needle at the very top")).toBeVisible({ timeout: 15_000 });
  }).toPass();
});

/** A log of a day and a half whose errors are an hour apart, as far apart as the hub looks at once, from 22:00 on. */
function sparse(hub: { append(name: string, text: string): void }, errors: number): void {
  const from = Date.parse("2026-03-01T22:00:00Z");
  const filler = (hour: number): string => `${new Date(from + hour * 3600e3 + 1000).toISOString()} INFO ${"nothing to see here, ".repeat(48)}\n`;
  for (let hour = 0; hour < errors; hour++) {
    hub.append("app.log", `${new Date(from + hour * 3600e3).toISOString()} ERROR number ${hour}\n`);
    const chunk = filler(hour).repeat(16 * 1024);
    for (let i = 0; i < 5; i++) hub.append("app.log", chunk);
  }
}

test("under a sparse filter a time leads to the next line and on to all that follow, a time without one says so, and a level keeps the place", async ({ page, hub }) => {
  test.setTimeout(240_000);
  sparse(hub, 9);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&level=error`);
  await expect(page.getByText("ERROR number 8")).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press(":");
  await page.keyboard.type("2026-03-02 00:55");
  await expect(page.getByText("to 2026-03-02 00:55:00Z")).toBeVisible();
  await page.keyboard.press("Enter");
  const said = page.getByText("No line at 2026-03-02 00:55:00Z. The next one is of 2026-03-02 01:00:00Z.");
  await expect(said).toBeVisible({ timeout: 60_000 });
  await expect(page.locator(".row.marked")).toContainText("ERROR number 3");
  await page.keyboard.press("Escape");
  await expect(page.getByText("ERROR number 8")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("ERROR number 0")).toBeVisible({ timeout: 60_000 });

  // By the clock alone it is the time that is among what is on the screen, which begins the day before.
  await page.keyboard.press(":");
  await page.keyboard.type("04:00");
  await expect(page.getByText("to 2026-03-02 04:00:00Z")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.locator(".row.marked")).toContainText("ERROR number 6", { timeout: 60_000 });

  // Another level from where one stands, on a line that it leaves out: its neighbours are on the screen.
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await page.keyboard.press(":");
  await page.keyboard.type("2026-03-02 02:00:01");
  await page.keyboard.press("Enter");
  await expect(page.locator(".row.marked")).toContainText("INFO nothing");
  await page.getByRole("combobox").selectOption("error");
  await expect(page.getByText("ERROR number 5")).toBeInViewport({ timeout: 60_000 });
});

test("hosts are picked by their labels, which are in the address", async ({ page, hub }) => {
  await hub.start();
  for (const [host, role] of [["web2", "web"], ["db1", "db"]] as const) {
    const agent = hub.agent(host);
    agent.write("app.log", 0, 3);
    agent.configure([`labels = { role = "${role}", dc = "fra" }`]);
    agent.start();
  }
  await page.goto(`${hub.url}hosts`);
  const host = (name: string) => page.getByRole("row", { name });
  const chips = page.getByRole("group", { name: "Labels" });
  await expect(host("web2")).toBeVisible();
  await expect(host("db1")).toBeVisible();
  await expect(chips.getByRole("button")).toHaveText(["dc=fra", "role=db", "role=web"]);
  await chips.getByRole("button", { name: "role=db" }).click();
  await expect(host("web2")).toHaveCount(0);
  await expect(host("db1")).toBeVisible();
  await expect(page).toHaveURL(/label=role(=|%3D)db/);
  await page.reload();
  await expect(host("db1")).toBeVisible();
  await expect(host("web2")).toHaveCount(0);
  await chips.getByRole("button", { name: "role=db" }).click();
  await expect(host("web2")).toBeVisible();
});
