// Two hubs that a broker joins, in front of a person: the other one's hosts are there like one's own, and what is wrong is said.

import { expect, type Page } from "@playwright/test";
import { Broker } from "./broker";
import { Hub, isLive, rowOf, test as base } from "./hub";

const test = base.extend<{ other: Hub; broker: Broker }>({
  // oxlint-disable-next-line no-empty-pattern
  other: async ({}, use) => {
    const other = new Hub(undefined, "db1");
    await use(other);
    await other.end();
  },
  // oxlint-disable-next-line no-empty-pattern
  broker: async ({}, use) => {
    const broker = new Broker();
    await broker.start();
    await use(broker);
    await broker.end();
  },
});

/** Leaves pictures to look at, when somebody wants them. */
async function picture(page: Page, name: string): Promise<void> {
  const dir = process.env["PICTURES"];
  if (dir !== undefined) await page.screenshot({ path: `${dir}/${name}.png`, fullPage: true });
}

test("a log of a host at another hub is found in the list, read back and followed", async ({ page, hub, other, broker }) => {
  other.write("app.log", 0, 5000);
  await broker.join([hub, other]);
  await page.goto(`${hub.url}hosts`);
  await page.getByRole("link", { name: /app\.log$/ }).click();
  await isLive(page);
  await expect(rowOf(page, /^line 4999$/)).toBeVisible();
  other.write("app.log", 5000, 5003);
  await expect(rowOf(page, /^line 5002$/)).toBeVisible();
  await page.keyboard.press("Home");
  await expect(rowOf(page, /^line 0$/)).toBeVisible();
});

test("the hub page names the other hubs, and says when the broker is away and that one's own hosts go on", async ({ page, hub, other, broker }) => {
  hub.write("own.log", 0, 10);
  other.write("app.log", 0, 10);
  await broker.join([hub, other]);
  await page.goto(`${hub.url}hub`);
  const section = page.getByRole("region", { name: /^Other hubs/ });
  await expect(section.getByRole("row", { name: /db1/ })).toContainText("there");
  await expect(page.getByRole("row").filter({ has: page.getByRole("link", { name: "db1", exact: true }) })).toContainText("at the hub db1");
  await picture(page, "cluster");

  const view = await page.context().newPage();
  await view.goto(`${hub.url}logs?log=${encodeURIComponent(other.log("app.log"))}`);
  await isLive(view);
  await broker.kill();
  await expect(section.getByRole("alert")).toContainText("The broker between the hubs is away");
  await expect(view.getByText("The hosts of this hub go on")).toBeVisible({ timeout: 20_000 });
  await picture(page, "broker-away");
  await picture(view, "broker-away-view");
  const own = await page.context().newPage();
  await own.goto(`${hub.url}logs?log=${encodeURIComponent(hub.log("own.log"))}`);
  await isLive(own);

  other.write("app.log", 10, 20);
  await broker.start();
  await expect(rowOf(view, /^line 19$/)).toBeVisible({ timeout: 30_000 });
  await isLive(view);
});
