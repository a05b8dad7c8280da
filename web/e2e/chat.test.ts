// The chat room in real browsers: two of them, two processes, one broker, and the nginx whose configuration stands beside the example.

import { expect, type Page } from "@playwright/test";
import { enter, processOf, say, shows, type Site, test } from "./chat";

/** Opens the room in a page until it hears from another process than the first one; something must have been said before. */
async function enterElsewhere(page: Page, site: Site, first: Page): Promise<void> {
  const other = await processOf(first);
  await expect
    .poll(async () => {
      await enter(page, site);
      await expect(page.locator("#said li")).not.toHaveCount(0);
      return processOf(page);
    })
    .not.toBe(other);
}

test("two browsers at two processes show every message once and in order, also when the broker dies in the middle", async ({ page, other, site }) => {
  await site.start();
  await enter(page, site);
  await say(page, "Ann", "hello");
  await shows(page, ["hello"]);
  const second = await other.newPage();
  await enterElsewhere(second, site, page);
  await say(second, "Ben", "hello Ann");
  for (const each of [page, second]) await shows(each, ["hello", "hello Ann"]);

  await site.killBroker();
  const meanwhile = ["are you there?", "is it broken?", "nobody answers", "I shall wait"];
  for (const [n, text] of meanwhile.entries()) {
    const [who, name] = n % 2 === 0 ? [page, "Ann"] as const : [second, "Ben"] as const;
    await say(who, name, text);
    // Whoever says something has said it, wherever it is now.
    await expect(who.getByLabel("Message", { exact: true })).toHaveValue("");
  }
  await site.startBroker();
  for (const each of [page, second]) await shows(each, ["hello", "hello Ann", ...meanwhile]);
  await say(page, "Ann", "there you are");
  await say(second, "Ben", "at last");
  for (const each of [page, second]) await shows(each, ["hello", "hello Ann", ...meanwhile, "there you are", "at last"]);
});

test("who is at a process that dies goes on at the other one, and shows every message once", async ({ page, other, site }) => {
  await site.start();
  await enter(page, site);
  await say(page, "Ann", "one");
  const second = await other.newPage();
  await enterElsewhere(second, site, page);
  // Heard by both processes before one of them is gone.
  for (const each of [page, second]) await shows(each, ["one"]);
  await site.killProcess(0);
  await expect.poll(async () => (await fetch(`${site.url}chat.js`)).status).toBe(200);
  await site.say("two", 1);
  for (const each of [page, second]) await shows(each, ["one", "two"]);
  for (const each of [page, second]) await expect(each.locator("#state")).toHaveText("connected");
});

test("markup is text in every browser", async ({ page, other, site }) => {
  await site.start();
  const second = await other.newPage();
  for (const each of [page, second]) {
    each.on("dialog", () => expect(false, "a script has run").toBe(true));
    await enter(each, site);
  }
  const [name, text] = ["<i>Ann</i>", `<img src=x onerror="alert(1)"><script>alert(2)</script>&lt;`];
  await say(page, name, text);
  for (const each of [page, second]) {
    await shows(each, [text]);
    await expect(each.locator("#said b")).toHaveText(name);
    await expect(each.locator("#said :is(img, script, i)")).toHaveCount(0);
  }
});

test("who comes late sees the last fifty messages", async ({ page, site }) => {
  await site.start();
  const texts = Array.from({ length: 60 }, (_, n) => `message ${n}`);
  // All at one process, which says one after the other also within a millisecond.
  for (const [n, text] of texts.entries()) await site.say(text, 2 * n);
  await enter(page, site);
  await shows(page, texts.slice(10));
  await expect(page.getByText("message 59", { exact: true })).toBeInViewport();
});

test("a message that is too long, and the sixth in ten seconds, are refused in words and stay in their field", async ({ page, site }) => {
  await site.start();
  await enter(page, site);
  await say(page, "Ann", "ä".repeat(501));
  await expect(page.getByRole("alert")).toHaveText("This has 501 characters, and 500 fit into a message.");
  const texts = ["ä".repeat(500), "2", "3", "4", "5"];
  for (const [n, text] of texts.entries()) {
    await say(page, "Ann", text);
    await shows(page, texts.slice(0, n + 1));
    await expect(page.getByRole("alert")).toHaveText("");
  }
  await say(page, "Ann", "six");
  await expect(page.getByRole("alert")).toHaveText("five messages in ten seconds are enough");
  await expect(page.getByLabel("Message", { exact: true })).toHaveValue("six");
  await shows(page, texts);
});

const NO_UPGRADE = (configuration: string): string => configuration.replace(/ *proxy_set_header (Upgrade|Connection) .*\n/g, "");
const HELD_BACK = (configuration: string): string =>
  NO_UPGRADE(configuration).replace("proxy_connect_timeout", "gzip on;\n gzip_types *;\n proxy_ignore_headers X-Accel-Buffering;\n proxy_connect_timeout");

for (const [what, change, way] of [
  ["where no WebSocket passes the room is heard over events", NO_UPGRADE, "connected (events)"],
  ["where events are held back the room is heard by asking", HELD_BACK, "connected (polling)"],
] as const) {
  test(what, async ({ page, site }) => {
    await site.start(change);
    await enter(page, site, way);
    const texts = Array.from({ length: 8 }, (_, n) => `message ${n}`);
    for (const [n, text] of texts.entries()) {
      await site.say(text, n);
      await shows(page, texts.slice(0, n + 1));
    }
    await expect(page.locator("#state")).toHaveText(way);
  });
}
