// What one row shows of its line.

import { readFileSync } from "node:fs";
import { expect, type Locator, type Page } from "@playwright/test";
import { isLive, openLog, test } from "./hub";

const ESC = "\u001b";
const row = (page: Page, text: string | RegExp): Locator => page.locator(".row", { hasText: text });

test("what a screen reader is told of a line, and what the browser itself copies of lines, is what they say and nothing else", async ({ page, hub }) => {
  hub.append("app.log", "first  of two\nsecond\n");
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(row(page, "second")).toMatchAriaSnapshot(`
    - /children: equal
    - link "·"
    - text: second
  `);
  const copied = await page.locator(".rows").evaluate((rows) => {
    getSelection()?.selectAllChildren(rows);
    return getSelection()?.toString();
  });
  expect(copied?.trimEnd()).toBe("first  of two\nsecond");
});

test("colours are shown, links can be followed, and whatever else a line holds does nothing and is seen", async ({ page, hub }) => {
  hub.append(
    "app.log",
    [
      `plain ${ESC}[1;31mred and bold${ESC}[0m ${ESC}[38;5;208morange${ESC}[0m ${ESC}[44mon blue${ESC}[0m ${ESC}[2Jend`,
      "see https://example.com/a?b=1. and javascript:alert(1)",
      "<img src=x onerror=alert(1)> user\u202etxt.exe pass\u200bword",
    ].join("\n") + "\n",
  );
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(row(page, "plain").locator(".text")).toHaveText("plain red and bold orange on blue end");
  const red = page.getByText("red and bold", { exact: true });
  await expect(red).toHaveCSS("color", "rgb(180, 35, 24)");
  await expect(red).toHaveCSS("font-weight", "700");
  await expect(page.getByText("on blue", { exact: true })).toHaveCSS("background-color", "rgb(26, 95, 180)");
  await expect(page.getByText("on blue", { exact: true })).toHaveCSS("color", "rgb(255, 255, 255)");
  const orange = await page.getByText("orange", { exact: true }).evaluate((element) => getComputedStyle(element).color);
  expect(orange).toContain("oklch");
  const links = row(page, "see").locator(".text a");
  await expect(links).toHaveCount(1);
  await expect(links).toHaveAttribute("href", "https://example.com/a?b=1");
  await expect(links).toHaveAttribute("rel", /noopener/);
  await expect(page.locator(".row img")).toHaveCount(0);
  await expect(row(page, "txt.exe").locator(".text")).toHaveText("<img src=x onerror=alert(1)> user\\u{202e}txt.exe pass\\u{200b}word");
  await expect(page.locator(".odd")).toHaveCount(2);
});

test("a line of megabytes shows its beginning and its length, more of it piece by piece, and all of it as a download", async ({ page, hub }) => {
  const long = `start ${"0123456789".repeat(150_000)} end`;
  hub.append("app.log", `before\n${long}\nafter\n`);
  await hub.start();
  await openLog(page, hub, "app.log");
  const text = row(page, "start 0").locator(".text");
  await expect(row(page, "start 0")).toContainText("the line has 1.50 MB; the first 1.05 MB are here");
  expect((await text.innerText()).length).toBe(4000);
  await row(page, "start 0").getByRole("button", { name: /more$/ }).click();
  await expect.poll(async () => (await text.innerText()).length).toBe(20_000);
  const download = page.waitForEvent("download");
  await row(page, "start 0").getByRole("button", { name: "all 1.50 MB" }).click();
  expect(readFileSync(await (await download).path(), "utf8")).toBe(`${long}\n`);
});

test("bytes that are no text are marked, and shown in hexadecimal when asked for", async ({ page, hub }) => {
  hub.bytes("app.log", Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]));
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(page.locator(".odd")).toHaveText(["�", "�"]);
  await page.getByRole("button", { name: "bytes" }).click();
  await expect(page.locator(".row pre")).toContainText("61 ff fe 62");
});

test("time is shown by a clock of one's choice, how long ago, or not at all, and the choice is kept", async ({ page, hub }) => {
  hub.append("app.log", "2026-01-01T02:00:01.5+02:00 INFO first\nno time here\n");
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(page.locator("time.time")).toHaveCount(0);
  await page.getByRole("button", { name: "View", exact: true }).click();
  await page.getByLabel("date and time").check();
  await page.getByLabel("UTC").check();
  await expect(row(page, "first").locator("time")).toHaveText("2026-01-01 00:00:01.500Z");
  await expect(row(page, "no time").locator("time")).toHaveText("");
  await page.keyboard.press("ArrowDown");
  await expect(row(page, "first").locator("time")).toHaveText("2026-01-01T02:00:01.5+02:00");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "View options" })).toBeHidden();
  await expect(page.getByRole("button", { name: "View", exact: true })).toBeFocused();
  await page.reload();
  await expect(row(page, "first").locator("time")).toHaveText("2026-01-01T02:00:01.5+02:00");
  hub.append("app.log", `${new Date().toISOString()} INFO just now\n`);
  await page.getByRole("button", { name: "View", exact: true }).click();
  await page.getByLabel("how long ago").check();
  await expect(row(page, "just now").locator("time")).toHaveText(/^\d+ s ago$/);
  const before = await row(page, "just now").locator("time").textContent();
  await expect(row(page, "just now").locator("time")).not.toHaveText(before ?? "");
});

test("w turns wrapping off and on: lines lie sideways, and what is read stays where it is", async ({ page, hub }) => {
  hub.append("app.log", Array.from({ length: 400 }, (_, i) => `line ${i} ${"word ".repeat(i % 100)}end ${i}\n`).join(""));
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.getByTestId("rows").hover();
  await page.mouse.wheel(0, -1500);
  await expect(page.getByRole("button", { name: /^Follow/ })).toBeVisible();
  const box = page.getByTestId("rows");
  /** The first row that is wholly on the screen, and where. */
  const first = () =>
    box.evaluate((element) => {
      const top = element.getBoundingClientRect().top;
      const found = [...element.querySelectorAll(".row")].find((each) => each.getBoundingClientRect().bottom > top + 1);
      return found?.querySelector(".text")?.textContent?.split(" ")[1];
    });
  const read = await first();
  await page.keyboard.press("w");
  await expect(box).toHaveClass(/nowrap/);
  await expect.poll(first).toBe(read);
  const heights = await page.locator(".row").evaluateAll((rows) => new Set(rows.map((each) => each.getBoundingClientRect().height)).size);
  expect(heights).toBe(1);
  await page.keyboard.press("ArrowRight");
  expect(await box.evaluate((element) => element.scrollLeft)).toBeGreaterThan(0);
  await page.keyboard.press("w");
  await expect.poll(first).toBe(read);
  expect(await box.evaluate((element) => element.scrollLeft)).toBe(0);
});

test("a stack trace is folded under its first line, also as it comes, and opened by a click, a key and what is found in it", async ({ page, hub }) => {
  hub.append("app.log", "2026-01-01T00:00:00Z ERROR no luck\njava.lang.IllegalStateException: a\n\tat x.Y.z(Y.java:3)\n2026-01-01T00:00:01Z INFO on\n");
  await hub.start();
  await openLog(page, hub, "app.log");
  const frame = page.getByText("at x.Y.z(Y.java:3)");
  await expect(row(page, "INFO on")).toBeVisible();
  await expect(frame).toHaveCount(0);
  await row(page, "no luck").getByRole("button", { name: "+ 2 lines" }).click();
  await expect(frame).toBeInViewport();
  await page.keyboard.press("o");
  await expect(frame).toHaveCount(0);
  await page.keyboard.press("G");
  hub.append("app.log", "2026-01-01T00:00:02Z ERROR again\n");
  await expect(row(page, "again")).toBeVisible();
  for (let n = 1; n <= 3; n++) {
    hub.append("app.log", `\tat late.L.l(L.java:${n})\n`);
    await expect(row(page, "again").getByRole("button", { name: n === 1 ? "+ 1 line" : `+ ${n} lines` })).toBeVisible();
  }
  await page.keyboard.press("f");
  await page.getByRole("textbox", { name: "Find in this view" }).fill("L.java:2");
  await page.keyboard.press("Enter");
  await expect(page.getByText("at late.L.l(L.java:2)")).toBeInViewport();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=Y.java`);
  await expect(frame).toBeInViewport();
});

test("a line of JSON shows its message first and its fields after it, opens as a tree, and is copied as it is written", async ({ page, hub, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const text = '{"time":"2026-01-01T00:00:00Z","level":"error","id":9007199254740993,"msg":"no \\u001b[31mluck\\u001b[0m","in":{"deep":[1.50,"two"]},"stack":"Error: a\\n    at b"}';
  hub.append("app.log", `${text}\n{"level":"info","msg":"broken"\n`);
  await hub.start();
  await openLog(page, hub, "app.log");
  const json = row(page, "luck");
  await expect(json).toHaveClass(/error/);
  await expect(json.locator(".sign")).toHaveText("E");
  await expect(json.locator(".text")).toContainText('no luck id=9007199254740993 in={"deep":[1.50,"two"]}');
  await expect(json.getByText("luck", { exact: true })).toHaveClass(/colour-1/);
  await expect(row(page, "broken").locator(".text")).toHaveText('{"level":"info","msg":"broken"');
  await json.locator(".sign").focus();
  await page.keyboard.press("o");
  await expect(json.getByRole("treeitem", { name: /^in/ })).toBeVisible();
  await json.getByRole("treeitem", { name: /^in/ }).focus();
  await page.keyboard.press("Enter");
  await json.getByRole("treeitem", { name: /^deep/ }).locator(".head").click();
  await expect(json.locator("ul ul ul li")).toHaveText(["0 1.50", '1 "two"']);
  await expect(json.locator("li", { hasText: "at b" }).last()).toContainText("Error: a");
  await page.getByRole("button", { name: "View", exact: true }).click();
  await page.getByLabel("JSON lines as message and fields").uncheck();
  await expect(json.locator(".text")).toHaveText(text);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(`${text}\n{"level":"info","msg":"broken"`);
});

test("the fields of a line are a tree: one stop for Tab, the arrows walk through it, fold and unfold, and a page more has the focus", async ({ page, hub }) => {
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`k${i}`, i]));
  hub.append("app.log", `${JSON.stringify({ msg: "here", a: { b: [1, 2] }, many })}\n`);
  await hub.start();
  await openLog(page, hub, "app.log");
  await row(page, "here").locator(".sign").focus();
  await page.keyboard.press("o");
  const tree = page.getByRole("tree");
  const focused = tree.locator("[role=treeitem]:focus > :first-child");
  await expect(tree.getByRole("treeitem")).toHaveCount(3);
  await expect(tree.locator("[role=treeitem][tabindex='0']")).toHaveCount(1);
  await tree.getByRole("treeitem").first().focus();
  const press = async (key: string, at: RegExp): Promise<void> => {
    await page.keyboard.press(key);
    await expect(focused).toHaveText(at);
  };
  await press("ArrowDown", /a/);
  await press("ArrowRight", /^▾a 1 value/);
  await press("ArrowRight", /^▸b/);
  await press("ArrowRight", /^▾b 2 values/);
  await press("End", /many/);
  await press("Home", /msg/);
  await press("ArrowDown", /^▾a/);
  await press("ArrowDown", /^▾b/);
  await press("ArrowDown", /^0 1$/);
  await press("ArrowLeft", /^▾b/);
  await press("ArrowLeft", /^▸b/);
  await press("ArrowLeft", /^▾a/);
  await press("ArrowLeft", /^▸a/);
  await press("End", /many/);
  await press("Space", /^▾many 120 values/);
  await expect(tree.getByRole("treeitem", { name: "k99", exact: false })).toBeVisible();
  await press("End", /^… 20 more$/);
  await press("Enter", /^k100 100$/);
  await press("End", /^k119 119$/);
  await expect(tree.locator("[role=treeitem][tabindex='0']")).toHaveCount(1);
});

/** How many stretches of that kind are lit up. */
const lit = (page: Page, name: string): Promise<number> => page.evaluate((each) => CSS.highlights.get(each)?.size ?? 0, name);

test("the menu that a key opens is of a line that is seen to be chosen, and stays so", async ({ page, hub }) => {
  hub.append("app.log", Array.from({ length: 5 }, (_, n) => `request ${n}\n`).join(""));
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("m");
  const menu = page.getByRole("menu");
  await expect(menu).toBeVisible();
  const band = page.locator(".band");
  const [chosen, top] = [await band.boundingBox(), await row(page, "request 0").boundingBox()];
  expect(chosen?.y).toBe(top?.y);
  expect(chosen?.height).toBe(top?.height);
  await page.keyboard.press("Escape");
  await expect(menu).toBeHidden();
  await page.keyboard.press("Shift+ArrowDown");
  await expect.poll(async () => (await band.boundingBox())?.height).toBe(2 * (top?.height ?? 0));
});

test("a line's menu copies it, links to it, filters by what is pointed at, and shows what is around it", async ({ page, hub, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  hub.append("app.log", Array.from({ length: 30 }, (_, n) => `request ${n} from 10.0.0.${n % 3} \u001b[32mdone\u001b[0m\n`).join(""));
  hub.append("app.log", '{"level":"info","msg":"json","user":"ann"}\n{"level":"info","msg":"json","user":"bob"}\n');
  await hub.start();
  await openLog(page, hub, "app.log");
  await row(page, "request 20 ").locator(".text").click({ button: "right", position: { x: 150, y: 8 } });
  const menu = page.getByRole("menu");
  await menu.getByRole("menuitem", { name: "Copy line" }).click();
  await expect(page.getByText("1 line copied")).toBeVisible();
  expect(await clipboard()).toBe("request 20 from 10.0.0.2 \u001b[32mdone\u001b[0m");
  await page.keyboard.press("m");
  await expect(menu.getByRole("menuitem", { name: "Copy line" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await clipboard()).split("\n").length).toBe(11);
  await page.keyboard.press("Escape");
  await row(page, "request 21 ").locator(".text").click({ button: "right", position: { x: 150, y: 8 } });
  await menu.getByRole("menuitem", { name: "Show only 10.0.0.0" }).click();
  await expect(page.locator(".row")).toHaveCount(10);
  expect(new URL(page.url()).searchParams.getAll("grep")).toEqual(["10\\.0\\.0\\.0"]);
  await expect.poll(() => lit(page, "wanted")).toBe(10);
  await row(page, "request 15 ").locator(".text").click({ button: "right" });
  await menu.getByRole("menuitem", { name: "Show surroundings, unfiltered" }).click();
  await expect(row(page, "request 15 ")).toHaveClass(/marked/);
  await expect(row(page, "request 14 ")).toBeInViewport();
  await expect.poll(() => lit(page, "wanted")).toBe(0);
  await row(page, "ann").locator(".field").click({ button: "right" });
  await menu.getByRole("menuitem", { name: "Leave out user=ann" }).click();
  await expect(row(page, "ann")).toHaveCount(0);
  await expect(row(page, "bob")).toHaveCount(1);
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=${encodeURIComponent('"msg":"json"')}`);
  await expect(page.locator(".row")).toHaveCount(2);
  await expect.poll(() => lit(page, "wanted")).toBe(2);
});

test("a finger that rests on a line opens its menu", async ({ browser, hub }) => {
  hub.write("app.log", 0, 20);
  await hub.start();
  const page = await browser.newPage({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
  await openLog(page, hub, "app.log");
  const spot = await page.getByText("line 12", { exact: true }).boundingBox();
  const cdp = await page.context().newCDPSession(page);
  const point = { x: (spot?.x ?? 0) + 20, y: (spot?.y ?? 0) + 8 };
  await cdp.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [point] });
  await expect(page.getByRole("menu")).toBeVisible();
  await cdp.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect(page.getByRole("menuitem", { name: "Copy line" })).toBeInViewport();
  await page.close();
});

test("a folded trace is copied with all of its lines", async ({ page, hub, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const trace = "2026-01-01T00:00:00Z ERROR no luck\njava.lang.IllegalStateException: a\n\tat x.Y.z(Y.java:3)";
  hub.append("app.log", `2026-01-01T00:00:00Z INFO before\n${trace}\n`);
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(row(page, "no luck").getByRole("button", { name: "+ 2 lines" })).toBeVisible();
  await row(page, "no luck").locator(".text").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Copy line" }).click();
  await expect(page.getByText("3 lines copied")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(trace);
});

test("a last line without an end is shown below the rows and does not make the view behind; when it ends it is a row", async ({ page, hub }) => {
  hub.write("app.log", 0, 20);
  hub.append("app.log", "panic: last words");
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
  const half = page.getByTitle(/^The last line has no line break/);
  await expect(half).toContainText("panic: last words");
  await expect(half).toContainText("no end yet");
  await isLive(page);
  await page.screenshot({ path: "test-results/half.png" });
  hub.append("app.log", ", and more\n");
  await expect(row(page, "panic: last words, and more")).toBeVisible();
  await expect(half).toBeHidden();
  await isLive(page);
});
