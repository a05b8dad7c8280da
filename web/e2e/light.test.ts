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

/** Rounds of measuring, each with a browser of its own, for medians; with more than one, the browser is let come to rest before each visit. */
const SOON = Number(process.env["SOON"] ?? 1);
/** What a browser does for itself after its start, and after a tab was opened, takes the processors away for about so long. */
const REST_MS = SOON > 1 ? 1000 : 0;

/** Milliseconds from the navigation until a line is on the screen. */
async function painted(page: Page, url: string): Promise<number> {
  await page.goto(url, { waitUntil: "commit" });
  return page.evaluate(
    () =>
      new Promise<number>((done) => {
        const look = (): void => {
          if (document.querySelector(".row .text")) requestAnimationFrame(() => setTimeout(() => done(performance.now())));
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
}

test("how soon the first line is on the screen is printed: `SOON=15` gives medians", async ({ playwright, launchOptions, hub }) => {
  test.setTimeout(60_000 + 20_000 * SOON);
  hub.write("app.log", 0, 1000);
  await hub.start();
  const url = `${hub.url}logs?log=${hub.log("app.log")}`;
  const all = new Map<string, number[]>();
  const note = async (what: string, page: Page): Promise<void> => void all.set(what, [...(all.get(what) ?? []), await painted(page, url)]);
  for (let round = 0; round < SOON; round++) {
    const browser = await playwright.chromium.launch(launchOptions);
    // In a context of its own nothing of the page is kept; what a browser does once for all pages is done after the first.
    const visit = async (first: string, second: string | null, rest: number): Promise<void> => {
      const page = await (await browser.newContext()).newPage();
      await page.waitForTimeout(rest);
      await note(first, page);
      if (second === null) return page.context().close();
      await page.goto("about:blank");
      await page.waitForTimeout(rest);
      await note(second, page);
    };
    await visit("in a browser that has just been started", null, 0);
    await visit("in a tab that has just been opened", null, 0);
    await visit("on a first visit", "on a second one", REST_MS);
    await browser.close();
  }
  const median = (times: number[]): string => `${(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0).toFixed(0)} ms`;
  console.log(`first line after navigation on loopback (bar: 300 ms): ${[...all].map(([what, times]) => `${median(times)} ${what}`).join(", ")}`);
});
