// That the page says how things stand: with real agents that stand still, die and come again, a hub that is killed or stopped, a device
// without a network, and files that go.

import { rmSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { expect, type Page } from "@playwright/test";
import { isLive, looksAt, numbers, range, showsExactly, test } from "./hub";
import { Wire } from "./wire";

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
    return noted.findLast((_, i) => noted[i - 1]?.words === "live");
  });
}

const state = (page: Page) => page.getByTestId("standing");

test("with the agent standing still and every socket open, live ends 3 s after its last word, and is back with every line", async ({ page, hub }) => {
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("app.log", 0, 10);
  agent.start();
  await hub.has(agent);
  await page.clock.install();
  await watchState(page);
  await page.goto(`${hub.url}logs?log=${agent.log("app.log")}`);
  await isLive(page);
  await showsExactly(page, 0, 10);
  // From here on the page's clock moves only when it is told to: how busy this machine is cannot matter.
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1000);
  await isLive(page);
  agent.signal("SIGSTOP");
  await expect(async () => {
    await page.clock.runFor(100);
    await expect(state(page)).toHaveText("no word for 3 s", { timeout: 1 });
  }).toPass();
  const end = await endOfLive(page);
  expect(end?.words).toBe("no word for 3 s");
  const age = (end?.at ?? 0) - (end?.heard ?? 0);
  expect(age).toBeGreaterThanOrEqual(3000);
  // And the frame in which it is painted.
  expect(age).toBeLessThan(3050);
  await expect(page.locator("p.why", { hasText: /Nothing was heard from web2 since \d/ })).toBeVisible();
  agent.write("app.log", 10, 200);
  agent.signal("SIGCONT");
  await page.clock.resume();
  await isLive(page);
  await expect.poll(() => numbers(page).then((all) => all.at(-1))).toBe(199);
  await expect(page.locator("p.why")).toHaveCount(0);
});

test("an agent that dies is told in a row with its host, and so is its return; no line is missing and none is twice", async ({ page, hub }) => {
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("app.log", 0, 10);
  agent.start();
  await hub.has(agent);
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
  // Four seconds and still gone; a busy machine may not look in the one second in which it says just that.
  await expect(state(page)).toHaveText(/^gone for ([4-9]|\d{2,}) s$/);
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
  await hub.has(agent);
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
  await hub.has(agent);
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
  await expect(state(page)).toHaveText(/^no word for ([6-9]|\d{2,}) s$/);
  const changes = await page.evaluate(() => (window as unknown as { changes: string[] }).changes);
  expect(changes).toEqual([expect.stringMatching(/^Nothing was heard from web2/)]);
  await expect(page.getByRole("log")).toHaveAttribute("aria-live", "off");
  agent.signal("SIGCONT");
  await expect(said).toHaveText("live");
  expect(range(0, 5)).toEqual(await numbers(page));
});

test("a viewer whose network is slower than the log is behind and is told by how much, and catches up with every line", async ({ page, hub }) => {
  hub.write("app.log", 0, 10);
  await hub.start();
  const wire = await Wire.to(hub.url);
  await page.goto(`${wire.url}logs?log=${hub.log("app.log")}`);
  await isLive(page);
  wire.rate = 40_000;
  let next = 10;
  await expect(async () => {
    hub.write("app.log", next, (next += 400));
    await expect(state(page)).toHaveText(/^\d+ s behind$/, { timeout: 100 });
  }).toPass();
  wire.rate = Infinity;
  await isLive(page);
  await expect.poll(() => numbers(page).then((all) => all.at(-1))).toBe(next - 1);
  await expect(page.locator('[data-mark="gap"], [data-mark="lost"]')).toHaveCount(0);
  wire.end();
});

test("a way to the hub that has died without a word is noticed, and the view goes on over another", async ({ page, hub }) => {
  test.setTimeout(90_000);
  hub.write("app.log", 0, 10);
  await hub.start();
  const wire = await Wire.to(hub.url);
  await page.goto(`${wire.url}logs?log=${hub.log("app.log")}`);
  await isLive(page);
  wire.rate = 0;
  await expect(state(page)).toHaveText(/^no word for/);
  await expect(state(page)).toHaveText(/^again in|^connecting/, { timeout: 40_000 });
  hub.write("app.log", 10, 20);
  wire.rate = Infinity;
  await isLive(page);
  await showsExactly(page, 0, 20);
  wire.end();
});

test("who is logged out elsewhere is asked to log in, and the view goes on where it stood", async ({ page, hub, context }) => {
  const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const address = outside.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  test.skip(address === undefined, "this machine has no address but loopback, where its own user needs no password");
  hub.wantPassword(address ?? "", "correct horse");
  hub.write("app.log", 0, 10);
  await hub.start();
  const enter = async (): Promise<void> => {
    await page.getByLabel("Password").fill("correct horse");
    await page.getByRole("button", { name: "Log in" }).click();
  };
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await enter();
  await isLive(page);
  await showsExactly(page, 0, 10);
  const { status } = await context.request.post(`${hub.url}api/v1/logout`, { headers: { Origin: new URL(hub.url).origin } }).then((answer) => ({ status: answer.status() }));
  expect(status).toBeLessThan(300);
  await expect(page.getByText("What you were looking at stays as it is")).toBeVisible();
  hub.write("app.log", 10, 20);
  await enter();
  await isLive(page);
  await showsExactly(page, 0, 20);
});

test("a host whose token is taken away is told of, with the reason", async ({ page, hub }) => {
  await hub.start();
  const agent = hub.agent("web2");
  agent.write("app.log", 0, 5);
  agent.start();
  await hub.has(agent);
  await page.goto(`${hub.url}logs?log=${agent.log("app.log")}`);
  await isLive(page);
  hub.dismiss(agent);
  await expect(state(page)).toHaveText(/^host away for/);
  await expect(page.locator('[data-mark="agent_lost"]')).toContainText("Its token was removed");
});

test("an address that was typed wrong leads to the names that are near", async ({ page, hub }) => {
  hub.write("access.log", 0, 5);
  hub.write("other.log", 0, 5);
  await hub.start();
  const near = page.getByRole("complementary", { name: "Names near this one" });
  await page.goto(`${hub.url}logs?log=${hub.log("acess.log")}`);
  await expect(near.getByRole("link")).toHaveCount(1);
  await page.goto(`${hub.url}logs?log=web11:${hub.path("access.log")}`);
  await expect(near).toContainText("No host called web11");
  await near.getByRole("link", { name: /access\.log$/ }).click();
  await isLive(page);
  await showsExactly(page, 0, 5);
  await expect(near).toHaveCount(0);
  await page.goto(`${hub.url}logs?log=${hub.host}:/etc/hostname`);
  await expect(page.locator('[data-mark="error"]')).toContainText("does not offer this log");
  await expect(near.getByRole("button", { name: "Look again" })).toBeVisible();
  await expect(state(page)).toHaveText("not offered");
});

test("on a phone the state is on the screen, however long it is", async ({ page, hub }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  hub.write("app.log", 0, 5);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&log=${hub.log("later.log")}`);
  await expect(state(page)).toHaveText(/^not there for \d+ s · 1 of 2 live$/);
  const box = await state(page).boundingBox();
  expect((box?.x ?? 360) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

test("a tab behind others says in its title how many lines have come, or that the hub is away", async ({ page, hub }) => {
  hub.write("app.log", 0, 5);
  await hub.start();
  await page.clock.install();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  await isLive(page);
  const quiet = await page.title();
  const icon = page.locator('link[rel="icon"]');
  await looksAt(page, false);
  hub.write("app.log", 5, 12);
  await page.clock.runFor(6000);
  await expect(page).toHaveTitle(`(7) ${quiet}`);
  await expect(icon).toHaveAttribute("href", /icon-new/);
  await hub.kill();
  await page.clock.runFor(31_000);
  await expect(page).toHaveTitle(`⚠ (7) ${quiet}`);
  hub.write("app.log", 12, 400);
  await hub.start();
  await page.clock.runFor(31_000);
  await expect(page).toHaveTitle(/^\(10\d\+\) /);
  await looksAt(page, true);
  await isLive(page);
  await expect(page).toHaveTitle(quiet);
  await expect(icon).toHaveAttribute("href", "./assets/icon.svg");
});
