// How much a browser is sent before there is something to see, and how soon that is.

import { gunzipSync } from "node:zlib";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { expect, type Page, type WebSocket } from "@playwright/test";
import { endsWith, isLive, test } from "./hub";

/** Compressed bytes of all scripts that a view loads. */
const MOST_SCRIPT = 120 * 1024;

function ask(url: string, headers: Record<string, string> = {}): Promise<{ head: IncomingMessage; body: Buffer }> {
  return new Promise((done, fail) => {
    get(url, { headers }, (head) => {
      const pieces: Buffer[] = [];
      head.on("data", (piece: Buffer) => pieces.push(piece)).on("end", () => done({ head, body: Buffer.concat(pieces) }));
    }).on("error", fail);
  });
}

test("a view loads at most 120 KB of script, and a second visit none", async ({ page, hub }) => {
  hub.write("app.log", 0, 100);
  await hub.start();
  const sizes = new Map<string, number>();
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  const names = new Map<string, string>();
  client.on("Network.responseReceived", ({ requestId, response }) => names.set(requestId, response.url));
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const url = names.get(requestId) ?? "";
    if (url.endsWith(".js")) sizes.set(url, encodedDataLength);
  });
  const first = async (): Promise<number> => {
    await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
    await expect(page.getByText("line 99")).toBeVisible();
    return [...sizes.values()].reduce((all, size) => all + size, 0);
  };
  const script = await first();
  console.log(`script of a view: ${(script / 1024).toFixed(1)} KB compressed in ${sizes.size} files`);
  expect(script).toBeGreaterThan(10_000);
  expect(script).toBeLessThanOrEqual(MOST_SCRIPT);
  sizes.clear();
  expect(await first()).toBe(0);
});

test("what never changes under its name is kept for good, and what may change is asked for again by its tag", async ({ hub }) => {
  await hub.start();
  const { body } = await ask(hub.url);
  const path = /src="\.\/(assets\/[0-9a-f]{16}\/index\.js)"/.exec(body.toString())?.[1] ?? "";
  const plain = await ask(hub.url + path);
  const zipped = await ask(hub.url + path, { "Accept-Encoding": "gzip" });
  expect(zipped.head.headers).toMatchObject({ "content-encoding": "gzip", vary: "accept-encoding", "cache-control": "public, max-age=31536000, immutable" });
  expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
  expect(zipped.head.headers.etag).not.toBe(plain.head.headers.etag);

  for (const old of ["assets/index.js", "assets/0123456789abcdef/index.js"]) {
    const { head } = await ask(hub.url + old);
    expect(head.headers["cache-control"]).toBe("no-cache");
    const again = await ask(hub.url + old, { "If-None-Match": head.headers.etag ?? "" });
    expect([again.head.statusCode, again.body.length]).toEqual([304, 0]);
  }
  expect((await ask(`${hub.url}assets/0123456789abcdef/nothing.js`)).head.statusCode).toBe(404);
});

test("the lines of a view are asked for before the program is there, and only once", async ({ page, hub }) => {
  hub.write("app.log", 0, 100);
  await hub.start();
  const sockets: WebSocket[] = [];
  page.on("websocket", (socket) => sockets.push(socket));
  let release = (): void => {};
  const held = new Promise<void>((done) => (release = done));
  await page.route("**/index.js", async (route) => held.then(() => route.continue()));
  const spoken = page.waitForEvent("websocket").then((socket) => socket.waitForEvent("framereceived"));
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`, { waitUntil: "commit" });
  await spoken;
  await expect(page.locator(".row")).toHaveCount(0);
  release();
  await expect(page.getByText("line 99")).toBeVisible();
  await isLive(page);
  hub.write("app.log", 100, 110);
  await endsWith(page, 110);
  expect(sockets).toHaveLength(1);
});

test("how soon the first line is on the screen is printed", async ({ page, hub, browser }) => {
  hub.write("app.log", 0, 1000);
  await hub.start();
  const url = `${hub.url}logs?log=${hub.log("app.log")}`;
  const painted = async (page: Page): Promise<string> => {
    await page.goto(url, { waitUntil: "commit" });
    const milliseconds = await page.evaluate(
      () =>
        new Promise<number>((done) => {
          const look = (): void => {
            if (document.querySelector(".row .text")) requestAnimationFrame(() => setTimeout(() => done(performance.now())));
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    return `${milliseconds.toFixed(0)} ms`;
  };
  const cold = await painted(page);
  await page.goto("about:blank");
  const again = await painted(page);
  // Nothing of the page is kept there; what a browser does once for all pages is done.
  const stranger = await browser.newContext();
  const first = await painted(await stranger.newPage());
  await stranger.close();
  console.log(`first line after navigation on loopback: ${cold} in a browser that has just been started, ${first} on a first visit later, ${again} on a second one (bar: 300 ms)`);
});
