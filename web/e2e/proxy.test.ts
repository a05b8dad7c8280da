// The page behind a real nginx with one mistake each: lines are seen live, once each, and the page says what carries them.

import { expect, type Page } from "@playwright/test";
import { endsWith, isLive, showsExactly, test as base, type Hub } from "./hub";
import { Nginx, RIGHT, without } from "./nginx";

const PASSWORD = "a password for the proxy";

const test = base.extend<{ nginx: Nginx }>({
  // oxlint-disable-next-line no-empty-pattern
  nginx: async ({}, use) => {
    const nginx = new Nginx();
    await use(nginx);
    await nginx.end();
  },
});

/** Starts both and logs in: whoever is passed on is not local. */
async function begin(page: Page, hub: Hub, nginx: Nginx, lines: string): Promise<void> {
  hub.wantPassword("127.0.0.1", PASSWORD);
  await hub.start();
  await nginx.pass(hub.url, lines);
  await page.request.post(`${nginx.url}api/v1/login`, { data: { password: PASSWORD } });
}

function logsUrl(nginx: Nginx, hub: Hub, ...names: string[]): string {
  return `${nginx.url}logs?${names.map((name) => `log=${encodeURIComponent(hub.log(name))}`).join("&")}`;
}

/** What is written comes out, once each. */
async function linesComeOnce(page: Page, hub: Hub): Promise<void> {
  for (let n = 10; n < 22; n += 3) {
    hub.write("app.log", n, n + 3);
    await endsWith(page, n + 3, 10);
  }
  await showsExactly(page, 0, 22);
}

const NO_UPGRADE = without(RIGHT, "proxy_set_header Upgrade", "proxy_set_header Connection");
const BUFFERED = `${without(NO_UPGRADE, "proxy_buffering")}
proxy_buffering on;
proxy_ignore_headers X-Accel-Buffering;
gzip on;
gzip_types *;
gzip_proxied any;
`;

for (const [mistake, lines, words] of [
  ["with the right configuration", RIGHT, "over WebSocket"],
  ["without the headers of an upgrade", NO_UPGRADE, "over an event stream"],
  ["that speaks HTTP/1.0 to the hub", without(RIGHT, "proxy_http_version"), "over an event stream"],
  ["that buffers where the hub forbids it", `${without(NO_UPGRADE, "proxy_buffering")}\nproxy_buffering on;\n`, "over an event stream"],
  ["that buffers whatever the hub says", BUFFERED, "asked again each second"],
] as const) {
  test(`behind an nginx ${mistake} lines are live, once each, ${words}`, async ({ page, hub, nginx }) => {
    hub.write("app.log", 0, 10);
    await begin(page, hub, nginx, lines);
    await page.goto(logsUrl(nginx, hub, "app.log"));
    await isLive(page);
    await expect(page.getByTestId("way")).toHaveText(words);
    await linesComeOnce(page, hub);
    await isLive(page);
  });
}
