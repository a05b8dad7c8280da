// What axe finds on the page by the rules of WCAG 2.2 A and AA: nothing, in every state that the page can be in, on each screen, in each
// theme and language. STATES_TO names a folder for a picture of each, to look at.

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { en } from "../src/messages/en";
import { zh } from "../src/messages/zh";
import { test } from "./hub";
import { connection, dress, hubPage, list, nothing, processes, reading, several, WAYS, writeLogs } from "./states";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PICTURES = process.env["STATES_TO"];

async function finds(page: Page, where: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${where}.png`), caret: "hide", animations: "disabled" });
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  // A line's link is as high as the line; "Copy link" of a selected line is the larger way to the same (WCAG 2.5.8, equivalent).
  const small = (id: string, html: string): boolean => id === "target-size" && /^<a class="sign\b/.test(html);
  const real = violations.map((each) => ({ ...each, nodes: each.nodes.filter(({ html }) => !small(each.id, html)) })).filter(({ nodes }) => nodes.length > 0);
  const told = real.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary ?? ""})`).join("; ")}`);
  expect.soft(told, where).toEqual([]);
}

const outside = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

for (const way of WAYS) {
  const name = `${way.screen}, ${way.theme}, ${way.language}`;
  const named = (state: string): string => `${state}-${way.screen}-${way.theme}-${way.language}`;

  for (const states of [list, reading, nothing, several, hubPage, processes, connection]) {
    test(`${name}: nothing of ${states.name} is out of reach for those who see, hear or move otherwise`, async ({ page, hub }) => {
      test.setTimeout(240_000);
      await dress(page, way);
      writeLogs(hub);
      await hub.start();
      const agent = hub.agent("db1");
      agent.configure(['labels = { role = "db" }']);
      agent.write("db.log", 0, 5);
      agent.start();
      await states({ page, hub, agent, m: { en, zh }[way.language], look: (state) => finds(page, named(state)) });
    });
  }

  test(`${name}: an empty list and one whose hub is away are within everybody's reach`, async ({ page, hub }) => {
    await dress(page, way);
    await hub.start();
    await page.goto(hub.url);
    await expect(page.locator(".nothing pre").first()).toBeVisible();
    await finds(page, named("list-empty"));
    await hub.kill();
    await expect(page.getByRole("alert")).toBeVisible();
    await finds(page, named("list-away"));
  });

  test(`${name}: the login is within everybody's reach`, async ({ page, hub }) => {
    test.skip(outside === undefined, "this machine has no address but loopback, where its own user needs no password");
    await dress(page, way);
    hub.wantPassword(outside ?? "", "correct horse");
    await hub.start();
    await page.goto(hub.url);
    await page.locator("input[type=password]").fill("wrong");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
    await finds(page, named("login"));
  });
}
