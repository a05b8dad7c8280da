// What carries lines where no WebSocket passes, attacked: behind a real nginx that takes upgrades away, or hands on nothing but whole
// answers, over a link that breaks again and again, with a hub that dies in the middle, and with more views than a browser has connections.

import { expect } from "@playwright/test";
import { begin, test } from "./behind";
import { isLive, range, showsExactly, type Hub } from "./hub";
import { RIGHT, without } from "./nginx";
import { Wire } from "./wire";

const NO_UPGRADE = without(RIGHT, "proxy_set_header Upgrade", "proxy_set_header Connection");
const BUFFERED = `${without(NO_UPGRADE, "proxy_buffering")}
proxy_buffering on;
proxy_ignore_headers X-Accel-Buffering;
gzip on;
gzip_types *;
gzip_proxied any;
`;

const query = (hub: Hub, ...names: string[]): string => names.map((name) => `log=${encodeURIComponent(hub.log(name))}`).join("&");

for (const [way, lines, words] of [
  ["an event stream", NO_UPGRADE, "over an event stream"],
  ["polls", BUFFERED, "asked again each second"],
] as const) {
  test(`over ${way}, a link that breaks again and again and a hub that dies in the middle cost no line and double none`, async ({ page, hub, nginx }) => {
    test.setTimeout(120_000);
    await page.setViewportSize({ width: 900, height: 2600 });
    hub.write("app.log", 0, 10);
    await begin(page, hub, nginx, lines);
    const wire = await Wire.to(nginx.url);
    await page.goto(`${wire.url}logs?${query(hub, "app.log")}`);
    await expect(page.getByTestId("way")).toHaveText(words, { timeout: 40_000 });
    await isLive(page);
    for (let round = 0; round < 4; round++) {
      const from = 10 + 20 * round;
      hub.write("app.log", from, from + 5);
      await showsExactly(page, 0, from + 5);
      wire.cut();
      hub.write("app.log", from + 5, from + 10);
      if (round === 2) await hub.kill();
      hub.write("app.log", from + 10, from + 15);
      if (round === 2) {
        // What is wrong is said while it is wrong.
        await expect(page.locator("p.why").first()).toBeVisible();
        await hub.start();
      }
      wire.cut();
      hub.write("app.log", from + 15, from + 20);
      await showsExactly(page, 0, from + 20);
      await isLive(page);
    }
    await expect(page.getByTestId("way")).toHaveText(words);
    wire.end();
  });
}

test("thirty-two logs are one event stream, and each line of each is there once, in order", async ({ page, hub, nginx }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 900, height: 4200 });
  const names = range(0, 32).map((i) => `log-${i}.log`);
  for (const name of names) hub.append(name, "");
  await begin(page, hub, nginx, NO_UPGRADE);
  await page.goto(`${nginx.url}logs?${query(hub, ...names)}`);
  await expect(page.getByTestId("way")).toHaveText("over an event stream", { timeout: 40_000 });
  await isLive(page);
  for (const round of range(0, 4)) for (const [i, name] of names.entries()) hub.append(name, `said ${i} ${round}\n`);
  const said = async (): Promise<string[]> => page.locator(".row .text").evaluateAll((all) => all.map((each) => each.textContent ?? ""));
  await expect.poll(async () => (await said()).length, { timeout: 30_000 }).toBe(128);
  const all = await said();
  for (const i of names.keys()) expect(all.filter((each) => each.startsWith(`said ${i} `))).toEqual(range(0, 4).map((round) => `said ${i} ${round}`));
});

test("with more views than a browser has connections to one hub, each one is live and none keeps the page from its answers", async ({ hub, nginx, context }) => {
  test.setTimeout(180_000);
  const names = range(0, 4).map((i) => `log-${i}.log`);
  for (const name of names) hub.append(name, "line 0\n");
  const first = await context.newPage();
  await begin(first, hub, nginx, NO_UPGRADE);
  const pages = [first, await context.newPage(), await context.newPage()];
  for (const page of pages) {
    await page.goto(`${nginx.url}logs?${query(hub, ...names)}&panes=columns`);
    await expect(page.locator(".standing.good")).toHaveCount(4, { timeout: 60_000 });
  }
  for (const name of names) hub.append(name, "line 1\n");
  for (const page of pages) await expect(page.getByText("line 1", { exact: true })).toHaveCount(4, { timeout: 30_000 });
  // History is asked for beside them.
  await first.goto(`${nginx.url}hosts`);
  await expect(first.getByRole("link", { name: "log-3.log" })).toBeVisible();
});

for (const [locks, over] of [[true, "with"], [false, "without, as over plain HTTP from another machine,"]] as const) {
  test(`seven windows on one log each, over event streams, leave a browser's six connections room for all: ${over} locks`, async ({ hub, nginx, context }) => {
    test.setTimeout(180_000);
    if (!locks) await context.addInitScript(() => void Reflect.deleteProperty(Navigator.prototype, "locks"));
    hub.write("app.log", 0, 3);
    const first = await context.newPage();
    await begin(first, hub, nginx, NO_UPGRADE);
    const pages = [first];
    while (pages.length < 7) pages.push(await context.newPage());
    for (const page of pages) {
      await page.goto(`${nginx.url}logs?${query(hub, "app.log")}`);
      await isLive(page);
    }
    hub.write("app.log", 3, 6);
    for (const page of pages) await showsExactly(page, 0, 6);
    await expect(first.getByTestId("way")).toHaveText("over an event stream");
  });
}
