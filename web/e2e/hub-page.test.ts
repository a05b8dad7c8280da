// The page of the hub itself, over a real hub and agents that are processes of their own.

import { networkInterfaces } from "node:os";
import { expect, type Page } from "@playwright/test";
import { Agent } from "./agent";
import { openLog, test } from "./hub";

/** Leaves pictures to look at, when somebody wants them. */
async function picture(page: Page, name: string): Promise<void> {
  const dir = process.env["PICTURES"];
  if (dir !== undefined) await page.screenshot({ path: `${dir}/${name}.png`, fullPage: false });
}

function host(page: Page, name: string) {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}

const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === "IPv4" && !each.internal)?.address;

test("a hub without agents says which two commands bring one", async ({ page, hub }) => {
  await hub.start();
  await page.goto(`${hub.url}hub`);
  await expect(page.getByText("No other machine offers its logs here yet.")).toBeVisible();
  await expect(page.getByText("tailcast token add --agent NAME", { exact: true })).toBeVisible();
  await expect(page.getByText(`TAILCAST_TOKEN=… tailcast agent --hub ${hub.url.replace(/\/$/, "")} /var/log`)).toBeVisible();
  await expect(page.getByText("an address that only this machine reaches")).toBeVisible();
  await expect(host(page, "web1")).toContainText("this process");
  const { descriptors } = (await (await fetch(`${hub.url}api/v1/hub`)).json()) as { descriptors: { classes: { class: string; ceiling: number }[] } };
  const most = descriptors.classes.find((each) => each.class === "viewers")?.ceiling ?? 0;
  await expect(page.getByText(`It stops at ${most.toLocaleString("en")} viewers and requests.`)).toBeVisible();
  await picture(page, "empty");
});

test("a token made on the page lets an agent in, and removing it there sends the agent away", async ({ page, hub, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await hub.start();
  await page.goto(`${hub.url}hub`);
  await page.getByLabel("On hosts called").fill("db*");
  await page.getByLabel("Name of the token").fill("databases");
  await page.keyboard.press("Enter");
  const fresh = page.getByRole("group", { name: "The token databases is made." });
  await expect(fresh).toBeFocused();
  await fresh.getByRole("button", { name: /^Copy token/ }).click();
  const token = await page.evaluate(() => navigator.clipboard.readText());
  expect(token).toMatch(/^tailcast_[\w-]{43}$/);
  await picture(page, "fresh");
  await fresh.getByRole("button", { name: /^Copy command/ }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`TAILCAST_TOKEN=${token} tailcast agent --hub ${hub.url.replace(/\/$/, "")} /var/log`);

  const agent = new Agent("db7", hub.url, token);
  try {
    agent.start();
    await expect(host(page, "db7")).toContainText("up for");
    await expect(host(page, "db7")).toContainText(/ ms/);
    await fresh.getByRole("button", { name: "I have it" }).click();
    await expect(page.getByText(token)).toHaveCount(0);

    await page.getByRole("button", { name: "Remove the token databases" }).click();
    await expect(page.getByRole("button", { name: "Keep" })).toBeFocused();
    await picture(page, "confirm");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("button", { name: "Remove the token databases" })).toBeFocused();
    await page.keyboard.press("Enter");
    await page.getByRole("group", { name: "Remove the token databases" }).getByRole("button", { name: "Remove" }).click();
    await expect(page.getByText("There is no token yet.")).toBeVisible();
    await expect(host(page, "db7")).toContainText("Its token was removed. Give it a new one: tailcast token add --agent db7");
    await expect(page.getByText("1 connected, 1 lost")).toBeVisible();
  } finally {
    await agent.end();
  }
});

test("a name that cannot be one is refused in words, and never markup", async ({ page, hub }) => {
  await hub.start();
  await page.goto(`${hub.url}hub`);
  await page.getByLabel("a program, to look at logs").check();
  await page.getByLabel("Name of the token").fill("<img src=x onerror=alert(1)>");
  await page.getByRole("button", { name: "Make token" }).click();
  await expect(page.getByRole("alert")).toContainText("That is no name for a token: 1 to 64 letters, digits");
  await expect(page.locator("img")).toHaveCount(0);
});

test("viewers, descriptors and rates are shown, in words too, and a start of the hub is lived through", async ({ page, hub, context }) => {
  hub.write("app.log", 0, 50);
  await hub.start();
  const agent = hub.agent("db1");
  agent.start();
  const viewer = await context.newPage();
  await openLog(viewer, hub, "app.log");
  await page.goto(`${hub.url}hub`);
  await expect(host(page, "db1")).toContainText("up for");
  await expect(page.getByRole("heading", { name: "Viewers" })).toHaveText("Viewers 1");
  await expect(page.getByText("Every viewer has been sent all of its log.")).toBeVisible();
  await expect(page.getByRole("meter", { name: "File descriptors" })).toBeVisible();
  await expect(page.locator("figure canvas")).toHaveCount(4);
  await expect(page.getByText(/^now \d+\/s; \d+\/s to \d+\/s in \d+ s$/)).toBeVisible();
  await picture(page, "wide");

  await hub.kill();
  await expect(page.getByRole("alert")).toContainText("The hub does not answer. What is shown is from");
  await expect(host(page, "db1")).toBeVisible();
  await hub.start();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(host(page, "db1")).toContainText("up for", { timeout: 20_000 });
});

test("nobody who looks away has the hub asked", async ({ page, hub }) => {
  await hub.start();
  let asked = 0;
  page.on("request", (request) => (asked += /\/api\/v1\/hub\b/.test(request.url()) ? 1 : 0));
  await page.goto(`${hub.url}hub`);
  await expect.poll(() => asked).toBeGreaterThan(1);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const before = asked;
  // Two looks would have been due.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 4500)));
  expect(asked).toBe(before);
});

test("who is logged in is said, and one can leave here or everywhere", async ({ page, hub, browser }) => {
  test.skip(elsewhere === undefined, "this machine has no address that others could come to");
  hub.wantPassword(elsewhere ?? "", "correct horse");
  await hub.start();
  const other = await (await browser.newContext()).newPage();
  for (const each of [page, other]) {
    await each.goto(`${hub.url}hub`);
    await each.getByLabel("Password of this hub").fill("correct horse");
    await each.keyboard.press("Enter");
    await expect(each.getByText(/You are logged in with the hub's password, from/)).toBeVisible();
  }
  await expect(page.getByRole("button", { name: "Make token" })).toBeVisible();
  await page.getByRole("button", { name: "Log out everywhere" }).click();
  await page.getByRole("button", { name: "Log all out" }).click();
  await expect(page.getByLabel("Password of this hub")).toBeVisible();
  await expect(other.getByLabel("Password of this hub")).toBeVisible();
  await other.getByLabel("Password of this hub").fill("correct horse");
  await other.keyboard.press("Enter");
  await other.getByRole("button", { name: "Log out here" }).click();
  await expect(other.getByLabel("Password of this hub")).toBeVisible();
});

for (const [language, heading] of [["en", "File descriptors"], ["zh", "文件描述符"]] as const) {
  for (const theme of ["light", "dark"] as const) {
    test(`on a phone nothing is wider than the screen (${language}, ${theme})`, async ({ page, hub }) => {
      hub.write("app.log", 0, 50);
      await hub.start();
      const agent = hub.agent("a-host-with-a-rather-long-name.eu-central-1.example.org");
      agent.start();
      await page.addInitScript(([l, t]) => {
        localStorage.setItem("tailcast.language", l ?? "");
        localStorage.setItem("tailcast.theme", t ?? "");
      }, [language, theme]);
      await page.setViewportSize({ width: 375, height: 800 });
      await page.goto(`${hub.url}hub`);
      await expect(page.getByRole("heading", { name: heading })).toBeVisible();
      await expect(page.getByRole("link", { name: agent.host })).toBeVisible();
      await expect(page.locator("figure canvas")).toHaveCount(4);
      const main = page.locator("main");
      expect(await main.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
      await picture(page, `phone-${language}-${theme}-1`);
      await page.getByRole("heading", { name: heading }).evaluate((each) => each.scrollIntoView());
      await picture(page, `phone-${language}-${theme}-2`);
      await main.evaluate((box) => box.scrollTo(0, box.scrollHeight));
      await picture(page, `phone-${language}-${theme}-3`);
      await page.setViewportSize({ width: 1280, height: 1500 });
      await picture(page, `wide-${language}-${theme}`);
    });
  }
}
