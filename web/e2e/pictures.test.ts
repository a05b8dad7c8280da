// Pictures of the page, to look at and for the documentation: `PICTURES=1` writes them to docs/pictures, `PICTURES=all` in every
// combination of screen, theme and language to the folder that `PICTURES_TO` names. Without either nothing is done. What they show is
// made up and always the same, but for ports and the time of day. Chinese needs a font (fonts-wqy-microhei).

import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, type Page } from "@playwright/test";
import { Hub, test } from "./hub";

const WANTED = process.env["PICTURES"];
const TO = process.env["PICTURES_TO"] ?? resolve(import.meta.dirname, "../../docs/pictures");
/** A short name, for it is in the pictures. */
const DIR = join(tmpdir(), "shop");

interface Way {
  screen: "wide" | "phone";
  theme: "light" | "dark";
  language: "en" | "zh";
}
const SCREENS = { wide: { width: 1040, height: 560 }, phone: { width: 360, height: 640 } } as const;

/** Each screen, theme and language once or twice; all eight when asked. */
const SOME: readonly Way[] = [
  { screen: "wide", theme: "light", language: "en" },
  { screen: "wide", theme: "dark", language: "zh" },
  { screen: "phone", theme: "dark", language: "en" },
  { screen: "phone", theme: "light", language: "zh" },
];
const ALL: readonly Way[] = (["wide", "phone"] as const).flatMap((screen) =>
  (["light", "dark"] as const).flatMap((theme) => (["en", "zh"] as const).map((language): Way => ({ screen, theme, language }))),
);

const PATHS = ["/cart", "/checkout", "/api/orders/1841", "/static/shop.css", "/login", "/api/stock?sku=7731"];
const START = Date.UTC(2026, 0, 5, 2, 50);

function stamp(i: number): string {
  return new Date(START + i * 1700).toISOString();
}

/** Two hundred requests, some of which fail. */
function access(host: number): string {
  return Array.from({ length: 200 }, (_, i) => {
    const status = (i * 7 + host) % 23 === 0 ? 502 : (i + host) % 11 === 0 ? 404 : 200;
    return `${stamp(i)} ${status >= 500 ? "ERROR" : "INFO"} 203.0.113.${(i * 13 + host) % 200} "GET ${PATHS[(i + host) % PATHS.length]}" ${status} ${(i * 37) % 900 + 40}ms\n`;
  }).join("");
}

function orders(): string {
  return Array.from({ length: 200 }, (_, i) => {
    if (i % 17 === 5) return `${stamp(i + 0.4)} ERROR payment of order ${1800 + i} failed: upstream timed out after 3 s\n`;
    if (i % 9 === 4) return `${stamp(i + 0.4)} WARN queue has ${i + 40} orders, the oldest is ${i} s old\n`;
    return `${stamp(i + 0.4)} INFO order ${1800 + i} taken, ${(i % 5) + 1} items\n`;
  }).join("");
}

function statements(): string {
  return Array.from({ length: 70 }, (_, i) => `${stamp(i * 2.9 + 0.7)} ${i % 13 === 6 ? "WARN" : "INFO"} duration: ${(i * 53) % 700 + 2} ms  select * from stock where sku = ${7700 + i}\n`).join("");
}

function writeLogs(): void {
  const files: Record<string, [text: string, age: number]> = {
    "nginx/access.log": [access(0), 1],
    "nginx/access.log.1": [access(3), 90_000],
    "nginx/access.log.2": [access(5), 180_000],
    "nginx/error.log": [`${stamp(1)} ERROR connect() failed (111: Connection refused) while connecting to upstream\n`, 400],
    "orders/orders.log": [orders(), 1],
    "orders/worker.log": [access(1), 3700],
    "postgresql/main.log": [statements(), 60],
  };
  for (const [name, [text, age]] of Object.entries(files)) {
    const path = join(DIR, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    const then = Date.now() / 1000 - age;
    utimesSync(path, then, then);
  }
}

async function dress(page: Page, { screen, theme, language }: Way): Promise<void> {
  await page.setViewportSize(SCREENS[screen]);
  await page.addInitScript(([worn, spoken]) => {
    localStorage.setItem("tailcast.theme", worn ?? "");
    localStorage.setItem("tailcast.language", spoken ?? "");
  }, [theme, language]);
}

async function shoot(page: Page, name: string, { screen, theme, language }: Way): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(TO, `${name}-${screen}-${theme}-${language}.png`), caret: "hide", animations: "disabled" });
}

const outside = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

test.describe.configure({ mode: "serial" });

for (const way of WANTED === "all" ? ALL : SOME) {
  test(`pictures: ${way.screen}, ${way.theme}, ${way.language}`, async ({ page }) => {
    test.skip(WANTED === undefined, "only when asked");
    test.setTimeout(120_000);
    if (existsSync(DIR)) throw new Error(`${DIR} is somebody else's`);
    mkdirSync(TO, { recursive: true });
    writeLogs();
    const hub = new Hub(DIR);
    try {
      await hub.start();
      for (const [host, folder] of [["db1", "postgresql"], ["web2", "nginx"]] as const) hub.agent(host).start([join(DIR, folder)]);
      const away = hub.agent("web3");
      away.start([DIR]);
      await dress(page, way);
      await page.goto(hub.url);
      for (const host of ["db1", "web1", "web2", "web3"]) await expect(page.getByRole("row", { name: host })).toBeVisible();
      await away.kill();
      await expect(page.locator(".sign.lost")).toBeVisible();
      await expect(page.getByRole("link", { name: "orders.log" })).toHaveCount(1);
      await shoot(page, "list", way);

      await page.getByRole("searchbox").fill("acc nginx");
      await expect(page.locator("mark").first()).toBeVisible();
      await page.keyboard.press("Control+k");
      await page.keyboard.type("ord");
      await expect(page.getByRole("option").first()).toBeVisible();
      await shoot(page, "palette", way);

      await page.goto(`${hub.url}logs?log=${hub.log("orders/orders.log")}`);
      await expect(page.locator(".standing.good")).toBeVisible();
      await shoot(page, "view", way);
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog")).toBeVisible();
      await shoot(page, "keys", way);
      await page.goto(`${hub.url}logs?log=${hub.log("nginx/access.log")}&log=${hub.log("orders/orders.log")}&log=db1:${hub.path("postgresql/main.log")}`);
      await expect(page.locator(".standing.good").first()).toBeVisible();
      await shoot(page, "merged", way);
      await page.goto(`${hub.url}logs?log=${hub.log("nginx/access.log")}&log=${hub.log("orders/orders.log")}&panes=columns`);
      await expect(page.locator(".standing.good")).toHaveCount(2);
      await shoot(page, "panes", way);
    } finally {
      await hub.end();
      rmSync(DIR, { recursive: true, force: true });
    }
  });

  test(`picture of the login: ${way.screen}, ${way.theme}, ${way.language}`, async ({ page, hub }) => {
    test.skip(WANTED === undefined, "only when asked");
    test.skip(outside === undefined, "this machine has no address but loopback, where its own user needs no password");
    hub.wantPassword(outside ?? "", "correct horse");
    await hub.start();
    await dress(page, way);
    await page.goto(hub.url);
    await expect(page.locator("input[type=password]")).toBeVisible();
    await shoot(page, "login", way);
  });
}
