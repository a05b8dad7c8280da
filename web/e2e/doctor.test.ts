// The connection doctor behind a real nginx with one mistake each: it says what is missing, and its lines, pasted, mend it.

import { expect, type Page } from "@playwright/test";
import { endsWith, test as base, type Hub } from "./hub";
import { Nginx, pasted, RIGHT, without } from "./nginx";

const PASSWORD = "a password for the proxy";
const NAME = "logs.test";

const test = base.extend<{ nginx: Nginx }>({
  // oxlint-disable-next-line no-empty-pattern
  nginx: async ({}, use) => {
    const nginx = new Nginx(NAME);
    await use(nginx);
    await nginx.end();
  },
});

test.use({
  launchOptions: async ({ launchOptions }, use) => {
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), `--host-resolver-rules=MAP ${NAME} 127.0.0.1`] });
  },
});

interface Site {
  page: Page;
  hub: Hub;
  nginx: Nginx;
  /** The location block of nginx, and the lines of the hub. */
  lines: string;
  config: string[];
}

async function serve({ page, hub, nginx, lines, config }: Site): Promise<void> {
  await hub.kill();
  hub.configure(config);
  await hub.start();
  await nginx.pass(hub.url, lines);
  await page.goto(nginx.url);
  const status = await page.evaluate(async (password) => {
    const headers = { "Content-Type": "application/json" };
    return (await fetch("api/v1/login", { method: "POST", headers, body: JSON.stringify({ password }) })).status;
  }, PASSWORD);
  // A hub that does not know the name lets nobody in under it.
  expect([204, 421]).toContain(status);
  await page.goto(`${nginx.url}logs?log=${encodeURIComponent(hub.log("app.log"))}`);
}

/** Opens the doctor as one does who sees nothing, and waits until it has looked. */
async function ask(page: Page): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("check the connection");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("doctor")).toBeVisible();
  await expect(page.getByRole("button", { name: "Check again" })).toBeEnabled({ timeout: 40_000 });
}

async function missing(page: Page): Promise<string[]> {
  const rows = page.locator('[data-outcome="missing"]');
  return rows.evaluateAll((all) => all.map((row) => row.getAttribute("data-testid")?.replace("check-", "") ?? ""));
}

async function linesFor(page: Page, name: "nginx" | "hub"): Promise<string[]> {
  const box = page.getByTestId(`lines-${name}`);
  return (await box.count()) === 0 ? [] : ((await box.textContent()) ?? "").split("\n");
}

/** Does what the doctor says, until it has nothing more to say. */
async function mend(site: Site): Promise<void> {
  for (let round = 0; round < 3 && (await missing(site.page)).length > 0; round++) {
    site.lines = pasted(site.lines, (await linesFor(site.page, "nginx")).join("\n"));
    const more = await linesFor(site.page, "hub");
    const names = more.map((line) => line.split(" ")[0]);
    site.config = [...site.config.filter((line) => !names.includes(line.split(" ")[0])), ...more];
    await serve(site);
    await ask(site.page);
  }
  await expect(site.page.getByTestId("doctor")).toHaveText("Nothing is missing.");
  await site.page.keyboard.press("Escape");
}

const BUFFERED = `${without(RIGHT, "proxy_buffering")}
proxy_buffering on;
proxy_ignore_headers X-Accel-Buffering;
gzip on;
gzip_types *;
gzip_proxied any;
`;

interface Mistake {
  mistake: string;
  lines?: string;
  /** What is left out of the hub's configuration. */
  out?: string;
  finds: string[];
}

const MISTAKES: Mistake[] = [
  { mistake: "nothing missing", finds: [] },
  { mistake: "no headers of an upgrade", lines: without(RIGHT, "proxy_set_header Upgrade", "proxy_set_header Connection"), finds: ["websocket"] },
  { mistake: "HTTP/1.0 to the hub", lines: without(RIGHT, "proxy_http_version"), finds: ["http", "websocket"] },
  { mistake: "a buffer", lines: BUFFERED, finds: ["streaming"] },
  { mistake: "a short read time-out", lines: pasted(RIGHT, "proxy_read_timeout 2s;"), finds: ["silence"] },
  { mistake: "another Host", lines: without(RIGHT, "proxy_set_header Host"), finds: ["name"] },
  { mistake: "a hub that does not know its name", out: "public_url", finds: ["name"] },
  { mistake: "no X-Forwarded-For", lines: without(RIGHT, "proxy_set_header X-Forwarded"), finds: ["client"] },
  { mistake: "a hub that does not trust it", out: "trusted_proxies", finds: ["client"] },
];

for (const { mistake, lines = RIGHT, out = "nothing", finds } of MISTAKES) {
  test(`behind an nginx with ${mistake} the doctor says so, and its lines mend it`, async ({ page, hub, nginx }) => {
    test.setTimeout(180_000);
    hub.write("app.log", 0, 10);
    hub.wantPassword("127.0.0.1", PASSWORD);
    const port = await nginx.findPort();
    const config = [`public_url = "http://${NAME}:${port}"`, 'trusted_proxies = ["127.0.0.1"]'].filter((line) => !line.startsWith(out));
    const site: Site = { page, hub, nginx, lines, config };
    await serve(site);
    await ask(page);
    expect(await missing(page)).toEqual(finds);
    await mend(site);
    await expect(page.getByTestId("standing")).toHaveText("live");
    await expect(page.getByTestId("way")).toHaveText("over WebSocket");
    hub.write("app.log", 10, 13);
    await endsWith(page, 13, 10);
  });
}
