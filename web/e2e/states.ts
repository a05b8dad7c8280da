// All that the page can look like, one state after the other, in either language: for whoever wants to look at each, be it with axe or
// by eye.

import { mkdirSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import type { Agent } from "./agent";
import type { Messages } from "../src/messages/en";
import type { Hub } from "./hub";

export interface Way {
  screen: "wide" | "phone";
  theme: "light" | "dark";
  language: "en" | "zh";
}

const SCREENS = { wide: { width: 1040, height: 640 }, phone: { width: 360, height: 720 } } as const;

/** Each screen in each theme and each language, in four ways. */
export const WAYS: readonly Way[] = [
  { screen: "wide", theme: "light", language: "en" },
  { screen: "wide", theme: "dark", language: "zh" },
  { screen: "phone", theme: "dark", language: "en" },
  { screen: "phone", theme: "light", language: "zh" },
];

export async function dress(page: Page, { screen, theme, language }: Way): Promise<void> {
  await page.setViewportSize(SCREENS[screen]);
  await page.emulateMedia({ reducedMotion: "reduce", colorScheme: theme });
  await page.addInitScript((spoken) => localStorage.setItem("tailcast.language", spoken), language);
}

const TRACE = "2026-01-01T00:00:05Z ERROR java.lang.IllegalStateException: no stock\n\tat shop.Stock.take(Stock.java:41)\n\tat shop.Cart.buy(Cart.java:12)\n";
const FIELDS = '{"time":"2026-01-01T00:00:06Z","level":"warn","msg":"slow answer","ms":2841,"request":{"path":"/cart","user":7731}}\n';

/** What the states are shown with. */
export function writeLogs(hub: Hub): void {
  mkdirSync(hub.path("nginx"));
  for (const name of ["app.log", "app.log.1", "nginx/access.log", "nginx/error.log"]) {
    const lines = Array.from({ length: 60 }, (_, i) => `2026-01-01T00:0${Math.floor(i / 10)}:${10 + (i % 10)}Z ${["INFO", "DEBUG", "WARN"][i % 3]} request ${i} of \x1b[3${i % 7}msomebody\x1b[0m took ${i * 37} ms\n`);
    hub.append(name, `${lines.join("")}${TRACE}${FIELDS}2026-01-01T00:00:07Z FATAL the disk is full 订单 1841 失败\n`);
  }
  hub.append("empty.log", "");
  hub.append("long.log", `${"a long line ".repeat(4000)}\n`);
}

type Look = (name: string) => Promise<void>;

export interface Stage {
  page: Page;
  hub: Hub;
  /** Another host, with labels. */
  agent: Agent;
  /** What the page says, in its language. */
  m: Messages;
  look: Look;
}

const view = (hub: Hub, ...names: string[]): string => `${hub.url}logs?${names.map((name) => `log=${hub.log(name)}`).join("&")}`;
const good = (page: Page) => page.locator(".standing.good");

export async function list({ page, hub, agent, look }: Stage): Promise<void> {
  await page.goto(`${hub.url}hosts`);
  await expect(page.getByRole("row", { name: agent.host })).toBeVisible();
  await expect(page.getByRole("link", { name: "error.log" }).first()).toBeVisible();
  await look("list");
  for (const at of [0, 1]) await page.getByRole("checkbox").nth(at).check();
  await look("list-ticked");
  await page.locator("header button.open").click();
  await look("settings");
  await page.keyboard.press("Escape");
  await expect(page.locator("[popover]:popover-open")).toHaveCount(0);
  await expect(page.getByRole("checkbox", { checked: true })).toHaveCount(2);
  const field = page.getByRole("searchbox");
  await field.fill("ng acc");
  await expect(page.locator("mark").first()).toBeVisible();
  await look("list-found");
  await field.fill("*:*.log");
  await look("list-glob");
  await field.fill("zebra");
  await look("list-nothing");
  await page.keyboard.press("Control+k");
  await look("palette");
  await page.keyboard.type("app");
  await expect(page.getByRole("option").first()).toBeVisible();
  await look("palette-hits");
  await page.keyboard.type("qqq");
  await look("palette-nothing");
}

export async function reading({ page, hub, look }: Stage): Promise<void> {
  await page.goto(view(hub, "app.log"));
  await expect(good(page)).toBeVisible();
  await look("view");
  await page.keyboard.press("f");
  await page.keyboard.type("request");
  await look("find");
  await page.keyboard.press("Escape");
  await page.keyboard.press(":");
  await page.keyboard.type("nowhere");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await look("goto-wrong");
  await page.keyboard.press("Escape");
  const json = page.locator(".row").filter({ hasText: "slow answer" });
  await json.locator(".sign").focus();
  await page.keyboard.press("o");
  await expect(page.getByRole("tree")).toBeVisible();
  await look("fields");
  await page.keyboard.press("m");
  await expect(page.getByRole("menu")).toBeVisible();
  await look("line-menu");
  await page.keyboard.press("Escape");
  await json.locator(".sign").click();
  await expect(page.locator(".row.marked")).toBeVisible();
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Shift+ArrowUp");
  await look("selected");
  hub.append("app.log", "2026-01-01T00:00:08Z INFO one more\n");
  await expect(page.locator("footer .state.main")).toContainText("1");
  await look("waiting");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await look("keys");
  await page.goto(`${view(hub, "app.log")}&lit=GET&lit=200&lit=a&lit=e&lit=i&lit=o`);
  await expect(good(page)).toBeVisible();
  await page.keyboard.press("f");
  await look("highlighted");
  await page.goto(`${view(hub, "app.log")}&wall`);
  await expect(good(page)).toBeVisible();
  await look("wall");
  await page.goto(view(hub, "long.log"));
  await expect(good(page)).toBeVisible();
  await look("long-line");
  await page.goto(view(hub, "app.log"));
  await expect(good(page)).toBeVisible();
  await page.locator("footer button[aria-haspopup]").first().click();
  await look("view-options");
}

export async function nothing({ page, hub, agent, look }: Stage): Promise<void> {
  await page.goto(view(hub, "empty.log"));
  await expect(good(page)).toBeVisible();
  await look("empty");
  await page.goto(`${view(hub, "app.log")}&grep=zebra`);
  await expect(good(page)).toBeVisible();
  await look("no-match");
  await page.goto(`${view(hub, "app.log")}&grep=(`);
  await expect(page.locator(".standing.bad")).toBeVisible();
  await look("bad-pattern");
  await page.goto(view(hub, "ap.log"));
  await expect(page.getByRole("complementary")).toBeVisible();
  await look("not-there");
  await page.goto(`${hub.url}logs?log=web11:${hub.path("app.log")}`);
  await expect(page.getByRole("complementary")).toBeVisible();
  await look("no-such-host");
  await page.goto(`${hub.url}logs?match=${hub.host}:*.zebra`);
  await expect(page.getByRole("status").first()).toBeVisible();
  await look("nothing-matches");
  await page.goto(`${hub.url}logs?log=${agent.log("db.log")}`);
  await expect(good(page)).toBeVisible();
  await agent.kill();
  await expect(page.locator('[data-mark="agent_lost"]')).toBeVisible();
  await look("host-away");
}

export async function several({ page, hub, look }: Stage): Promise<void> {
  await page.goto(`${view(hub, "app.log", "nginx/access.log", "nginx/error.log")}&mute=${hub.log("nginx/error.log")}`);
  await expect(good(page).first()).toBeVisible();
  await look("merged");
  await page.goto(`${view(hub, "app.log", "nginx/access.log")}&panes=columns`);
  await expect(good(page)).toHaveCount(2);
  await look("panes");
  await page.goto(`${view(hub, "app.log", "app.log.1", "nginx/access.log", "nginx/error.log")}&panes=grid`);
  await expect(good(page)).toHaveCount(4);
  await look("panes-four");
}

export async function hubPage({ page, hub, look }: Stage): Promise<void> {
  await page.goto(`${hub.url}hub`);
  await expect(page.locator("form input").first()).toBeVisible();
  await expect(page.locator("canvas").first()).toBeVisible();
  await look("hub");
  await page.keyboard.press("End");
  const fields = page.locator("form input:not([type=checkbox],[type=radio])");
  for (const at of [0, 1]) await fields.nth(at).fill("db");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("group").first()).toBeFocused();
  await look("token-fresh");
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
}

export async function processes({ page, hub, m, look }: Stage): Promise<void> {
  await page.goto(`${hub.url}processes`);
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await look("processes");
  await page.goto(`${hub.url}processes?q=zebra+zebra`);
  await expect(page.getByText(m.procs_none)).toBeVisible();
  await look("processes-none");
  await page.goto(`${hub.url}processes?host=web11`);
  await expect(page.getByRole("heading", { name: m.procs_silent })).toBeVisible();
  await look("processes-no-host");
  await page.goto(`${hub.url}processes?host=${hub.host}&show=connections`);
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await look("connections");
  await page.goto(`${hub.url}processes?host=${hub.host}&show=limits`);
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await look("limits");
  await page.locator("section ol a").first().click();
  await expect(page.locator("summary")).toHaveCount(2);
  for (const at of [0, 1]) await page.locator("summary").nth(at).click();
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await expect(page.locator("section ol").first()).toBeVisible();
  await look("process");
}

export async function connection({ page, hub, m, look }: Stage): Promise<void> {
  await page.goto(view(hub, "app.log"));
  await expect(good(page)).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type(m.action_connection);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("doctor")).toBeVisible();
  await expect(page.getByRole("button", { name: m.doctor_again })).toBeEnabled({ timeout: 40_000 });
  await look("doctor");
  await page.keyboard.press("Escape");
  await hub.kill();
  await expect(page.locator("p.why").first()).toBeVisible();
  await look("hub-away");
}
