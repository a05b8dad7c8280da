// A hub that has no room: what a person's browser is told, and how it gets in as soon as there is some.

import { get, type ClientRequest } from "node:http";
import { expect, type Page } from "@playwright/test";
import { type Hub, HOST, isLive, openLog, test } from "./hub";

/** Leaves pictures to look at, when somebody wants them. */
async function picture(page: Page, name: string): Promise<void> {
  const dir = process.env["PICTURES"];
  if (dir !== undefined) await page.screenshot({ path: `${dir}/${name}.png` });
}

/** One who looks at the log and stays, or the words that he is refused with. */
function viewer(hub: Hub, file: string): Promise<ClientRequest | string> {
  return new Promise((resolve, reject) => {
    const request = get(`${hub.url}api/v1/live?log=${HOST}:${hub.path(file)}`, { agent: false }, (answer) => {
      if (answer.statusCode === 200) {
        answer.on("error", () => undefined);
        answer.resume();
        resolve(request);
        return;
      }
      answer.setEncoding("utf8");
      answer.once("data", (words: string) => resolve(`${answer.statusCode} ${answer.headers["content-type"]} ${words}`));
    });
    request.on("error", reject);
  });
}

/** Viewers until there is no room for one more, and what that one was told. */
async function fill(hub: Hub, file: string): Promise<{ inside: ClientRequest[]; told: string }> {
  const inside: ClientRequest[] = [];
  for (;;) {
    const one = await viewer(hub, file);
    if (typeof one === "string") return { inside, told: one };
    inside.push(one);
  }
}

async function viewers(hub: Hub): Promise<number> {
  const { viewers: here } = (await (await fetch(`${hub.url}api/v1/hub`)).json()) as { viewers: { open: number } };
  return here.open;
}

/** Whether one who asks for something is let in. */
async function room(hub: Hub): Promise<boolean> {
  const { status } = await fetch(`${hub.url}api/v1/hub`, { headers: { connection: "close" } });
  return status === 200;
}

test("a browser that finds no room says so on a page, tries by itself, and goes on as soon as there is room", async ({ page, hub }) => {
  hub.append("app.log", "first\n");
  await hub.start();
  hub.limit(64);
  const { inside, told } = await fill(hub, "app.log");
  expect(told).toMatch(/^503 application\/problem\+json .*no room/);

  const answer = await page.goto(`${hub.url}hub`);
  expect([answer?.status(), answer?.headers()["content-type"]]).toEqual([503, "text/html; charset=utf-8"]);
  await expect(page.getByRole("heading", { name: "This hub is full" })).toBeVisible();
  await expect(page.getByText("tailcast doctor")).toBeVisible();
  await expect(page.getByText(/Last tried at \d/)).toBeVisible();
  await picture(page, "full");
  inside.forEach((one) => one.destroy());
  await expect(page).toHaveTitle(/^(?!This hub)/);
  await expect(page.getByRole("main")).toBeVisible();
});

test("a view that is loaded anew at a full hub comes back to its place by itself", async ({ page, hub }) => {
  hub.append("app.log", "first\n");
  await hub.start();
  await openLog(page, hub, "app.log");
  const at = page.url();
  await page.goto("about:blank");
  await expect.poll(() => viewers(hub)).toBe(0);
  hub.limit(64);
  const { inside } = await fill(hub, "app.log");
  await page.goto(at);
  await expect(page.getByRole("heading", { name: "This hub is full" })).toBeVisible();
  inside.forEach((one) => one.destroy());
  await isLive(page);
  expect(page.url()).toBe(at);
});

test("where one place is left a page is whole: its parts wait for each other", async ({ page, hub }) => {
  hub.append("app.log", "first\n");
  await hub.start();
  hub.limit(64);
  const { inside } = await fill(hub, "app.log");
  inside.pop()?.destroy();
  await expect.poll(() => room(hub)).toBe(true);
  await page.goto(`${hub.url}hosts`);
  await expect(page.getByText("app.log")).toBeVisible();
  inside.forEach((one) => one.destroy());
});

for (const part of ["index.js", "shared.css", "zh.js"]) {
  test.describe(() => {
    test.use({ locale: part === "zh.js" ? "zh-CN" : "en-GB" });
    test(`a page that was refused one of its parts is loaded anew by itself: ${part}`, async ({ page, hub }) => {
      hub.append("app.log", "first\n");
      await hub.start();
      let refused = 0;
      await page.route(`**/assets/*/${part}`, (route) => (refused++ === 0 ? route.fulfill({ status: 503, headers: { "retry-after": "1" }, body: "no room" }) : route.continue()));
      await page.goto(`${hub.url}hosts`);
      await expect.poll(() => refused).toBeGreaterThan(1);
      await expect(page.getByText("app.log")).toBeVisible();
    });
  });
}

test("an event stream that finds no room comes again by itself, when it was told to, and is served", async ({ page, hub }) => {
  hub.append("app.log", "first\n");
  await hub.start();
  await openLog(page, hub, "app.log");
  const log = `${HOST}:${hub.path("app.log")}`;
  hub.limit(64);
  const { inside } = await fill(hub, "app.log");
  await page.evaluate((asked) => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const stream = new EventSource(`/api/v1/live?log=${encodeURIComponent(asked)}`);
    const note = ({ data }: MessageEvent<string>): unknown => seen.push(data);
    stream.addEventListener("message", note);
    for (const kind of ["lines", "line"]) stream.addEventListener(kind, note);
  }, log);
  const seen = (): Promise<string> => page.evaluate(() => (window as unknown as { seen: string[] }).seen.join("\n"));
  await expect.poll(seen).toContain('"why":"full"');
  inside.forEach((one) => one.destroy());
  await expect.poll(seen).toContain("first");
});

for (const [colorScheme, locale, width, name] of [
  ["light", "en-GB", 1280, "full-light"],
  ["dark", "zh-CN", 1280, "full-dark"],
  ["dark", "en-GB", 390, "full-phone"],
] as const) {
  test.describe(() => {
    test.use({ colorScheme, locale, viewport: { width, height: 700 } });
    test(`the page of a full hub has no more than fits beside each other: ${name}`, async ({ page, hub }) => {
      hub.append("app.log", "first\n");
      await hub.start();
      hub.limit(64);
      const { inside } = await fill(hub, "app.log");
      await page.goto(hub.url);
      await expect(page.getByRole("heading", { name: locale === "zh-CN" ? "hub 已满" : "This hub is full" })).toBeVisible();
      await picture(page, name);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      inside.forEach((one) => one.destroy());
    });
  });
}
