// The page behind a real nginx with one mistake each: lines are seen live, once each, and the page says what carries them.

import { expect, type Page } from "@playwright/test";
import { begin, test } from "./behind";
import { endsWith, isLive, showsExactly, type Hub } from "./hub";
import { type Nginx, RIGHT, without } from "./nginx";

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
