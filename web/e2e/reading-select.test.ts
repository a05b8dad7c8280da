// Selecting and copying: what is pasted is what the file says.

import { readFileSync } from "node:fs";
import { expect, type Page } from "@playwright/test";
import { endsWith, numbers, openLog, range, test } from "./hub";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
const line = (page: Page, n: number) => page.locator(".row .text", { hasText: new RegExp(`^line ${n}$`) });
const texts = (from: number, to: number): string => range(from, to).map((n) => `line ${n}`).join("\n");

test("a sweep with the mouse over rows that leave the document selects them all, and copies exactly them", async ({ page, hub }) => {
  hub.write("app.log", 0, 3000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("Home");
  await line(page, 3).hover();
  await page.mouse.down();
  const box = (await page.getByTestId("rows").boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + 200, box.y + box.height + 250, { steps: 5 });
  await expect.poll(async () => (await numbers(page)).at(-1)).toBeGreaterThan(450);
  await page.mouse.move(box.x + 200, box.y + box.height / 2);
  await page.mouse.up();
  await expect(page.getByText(/^\d+ lines selected$/)).toBeVisible();
  const last = Number(/line (\d+)$/.exec(await copied(page))?.[1]);
  expect(last).toBeGreaterThanOrEqual(400);
  expect(await clipboard(page)).toBe(texts(3, last + 1));
});

async function copied(page: Page): Promise<string> {
  await page.keyboard.press("Control+c");
  await expect(page.getByText(/lines? copied/)).toBeVisible();
  return clipboard(page);
}

test("shift and a click, shift and the arrows, and Ctrl-A select whole lines; Escape selects nothing", async ({ page, hub }) => {
  hub.write("app.log", 0, 900);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("Home");
  await line(page, 5).click();
  await line(page, 9).click({ modifiers: ["Shift"] });
  expect(await copied(page)).toBe(texts(5, 10));
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowUp");
  expect(await copied(page)).toBe(texts(5, 11));
  await page.keyboard.press("Escape");
  await expect(page.getByText("6 lines selected")).toBeHidden();
  await page.keyboard.press("End");
  await endsWith(page, 900);
  await page.keyboard.press("Control+a");
  const all = (await copied(page)).split("\n");
  expect(all.at(-1)).toBe("line 899");
  expect(all.length).toBeGreaterThanOrEqual(200);
  expect(all.join("\n")).toBe(texts(900 - all.length, 900));
});

test("lines that are folded, cut or coloured on the screen are copied as they are in the file", async ({ page, hub }) => {
  const long = `${"x".repeat(1_500_000)} end`;
  const coloured = "\u001b[31mred\u001b[0m and a \t tab";
  hub.append("app.log", `line 0\n${coloured}\n${long}\nline 1\n`);
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(line(page, 1)).toBeInViewport();
  await page.keyboard.press("Control+a");
  expect(await copied(page)).toBe(`line 0\n${coloured}\n${long}\nline 1`);
});

test("lines that are no longer held are read from the file for the clipboard, and a download is the bytes of the file", async ({ page, hub }) => {
  hub.write("app.log", 0, 60_000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("Home");
  await line(page, 7).click();
  await page.keyboard.press("End");
  await endsWith(page, 60_000);
  await line(page, 59_995).click({ modifiers: ["Shift"] });
  await expect(page.getByText("Lines selected, some of which are no longer held here")).toBeVisible();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByText("59,989 lines copied")).toBeVisible();
  expect(await clipboard(page)).toBe(texts(7, 59_996));
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const path = await (await download).path();
  expect(readFileSync(path, "utf8")).toBe(`${texts(7, 59_996)}\n`);
});

test("bytes that are no text are told of, and downloaded as they are", async ({ page, hub }) => {
  hub.write("app.log", 0, 2);
  hub.bytes("app.log", Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]));
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(line(page, 1)).toBeInViewport();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await expect(page.getByText(/Some bytes are no text/)).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const path = await (await download).path();
  expect(readFileSync(path)).toEqual(Buffer.concat([Buffer.from("line 0\nline 1\n"), Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a])]));
});

test("under a filter what is selected is what matches, also where it must be read again", async ({ page, hub }) => {
  hub.write("app.log", 0, 90_000);
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=[05]$`);
  await expect(line(page, 89_995)).toBeInViewport();
  await page.keyboard.press("Control+a");
  const all = (await copied(page)).split("\n");
  expect(all.at(-1)).toBe("line 89995");
  expect(all.every((text) => /[05]$/.test(text))).toBe(true);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Home");
  await line(page, 10).click();
  await page.keyboard.press("End");
  await line(page, 89_990).click({ modifiers: ["Shift"] });
  await page.screenshot({ path: "test-results/selected.png" });
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByText("17,997 lines copied")).toBeVisible();
  expect((await clipboard(page)).split("\n").slice(0, 3)).toEqual(["line 10", "line 15", "line 20"]);
});

test("letters within a row are copied as in any page, and the view stands still meanwhile", async ({ page, hub }) => {
  hub.write("app.log", 0, 100);
  await hub.start();
  await openLog(page, hub, "app.log");
  await line(page, 95).dblclick({ position: { x: 5, y: 8 } });
  await expect(page.getByRole("button", { name: /^Follow/ })).toBeVisible();
  await page.keyboard.press("Control+c");
  expect((await clipboard(page)).trim()).toBe("line");
});

test("a selection that was changed is downloaded like one that was not", async ({ page, hub }) => {
  hub.write("app.log", 0, 150);
  await hub.start();
  await openLog(page, hub, "app.log");
  await line(page, 140).click();
  for (const end of [142, 145]) {
    await line(page, end).click({ modifiers: ["Shift"] });
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download", exact: true }).click();
    expect(readFileSync(await (await download).path(), "utf8")).toMatch(new RegExp(`line ${end}\n$`));
  }
});

test("whoever takes all of what is held is told that it is not the whole file, and can have that, too", async ({ page, hub }) => {
  hub.write("app.log", 0, 60_000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 60_000);
  await page.keyboard.press("Control+a");
  await expect(page.getByText(/^The \d+ lines held here are selected$/)).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: /^Whole file, 6\d\d kB$/ }).click();
  expect(readFileSync(await (await download).path(), "utf8")).toBe(`${texts(0, 60_000)}\n`);
});
