// What axe finds on the page by the rules of WCAG 2.2 A and AA: nothing, on every page and dialog, light and dark.

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { networkInterfaces } from "node:os";
import { mkdirSync } from "node:fs";
import { isLive, test } from "./hub";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function finds(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  // A line's link is as high as the line; "Copy link" of a selected line is the larger way to the same (WCAG 2.5.8, equivalent).
  const small = (id: string, target: unknown): boolean => id === "target-size" && /\.row/.test(String(target));
  const real = violations.map((each) => ({ ...each, nodes: each.nodes.filter(({ target }) => !small(each.id, target)) })).filter(({ nodes }) => nodes.length > 0);
  const told = real.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary ?? ""})`).join("; ")}`);
  expect.soft(told, where).toEqual([]);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`${colorScheme}: nothing on the page is out of reach for those who see, hear or move otherwise`, async ({ page, hub }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    mkdirSync(hub.path("nginx"));
    for (const name of ["app.log", "app.log.1", "nginx/access.log", "nginx/error.log"]) {
      hub.append(name, "2026-01-01T00:00:00Z INFO all well\n2026-01-01T00:00:01Z WARN slow\n2026-01-01T00:00:02Z ERROR \x1b[31mdisk\x1b[0m full\n{\"level\":\"debug\",\"msg\":\"a\",\"b\":1}\n");
    }
    await hub.start();
    await page.goto(`${hub.url}hosts`);
    await expect(page.getByRole("link", { name: "error.log" })).toBeVisible();
    await page.getByRole("checkbox").first().check();
    await finds(page, "list");
    await page.getByRole("button", { name: "Settings" }).click();
    await finds(page, "settings");
    await page.keyboard.press("Escape");
    await page.getByLabel("Filter logs by name").fill("ng acc");
    await finds(page, "found");
    await page.getByLabel("Filter logs by name").fill("zebra");
    await finds(page, "nothing found");
    await page.keyboard.press("Control+k");
    await finds(page, "palette");
    await page.keyboard.type("app");
    await finds(page, "palette with hits");
    await page.keyboard.press("Escape");

    await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
    await isLive(page);
    await finds(page, "view");
    await page.keyboard.press("f");
    await page.keyboard.type("full");
    await finds(page, "view with find");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await finds(page, "sheet of keys");
    await page.keyboard.press("Escape");
    await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&log=${hub.log("nginx/access.log")}`);
    await isLive(page);
    await finds(page, "merged");
    await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&log=${hub.log("nginx/access.log")}&panes=columns`);
    await expect(page.getByTestId("standing").first()).toHaveText("live");
    await finds(page, "panes");
    await page.goto(`${hub.url}hub`);
    await expect(page.getByRole("heading").first()).toBeVisible();
    await finds(page, "hub");
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
    await isLive(page);
    await finds(page, "view on a phone");
  });

  test(`${colorScheme}: the login is within everybody's reach`, async ({ page, hub }) => {
    const address = Object.values(networkInterfaces()).flatMap((all) => all ?? []).find(({ family, internal }) => family === "IPv4" && !internal)?.address;
    test.skip(address === undefined, "this machine has no address but loopback, where its own user needs no password");
    await page.emulateMedia({ colorScheme });
    hub.wantPassword(address ?? "", "correct horse");
    await hub.start();
    await page.goto(hub.url);
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await finds(page, "login");
  });
}
