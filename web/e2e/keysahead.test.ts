// Keys that are pressed while the page is still on its way.

import { expect, type Page } from "@playwright/test";
import { endsWith, openLog, test, type Hub } from "./hub";

/** Begins to load a log's view, whose program is held back; gives what lets it come. */
async function begin(page: Page, hub: Hub): Promise<() => void> {
  let release = (): void => {};
  const held = new Promise<void>((done) => (release = done));
  await page.route("**/index.js", async (route) => held.then(() => route.continue()));
  const early = page.waitForEvent("websocket");
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`, { waitUntil: "commit" });
  await early;
  return release;
}

test("keys pressed before the page is there are pressed again when it is, in order, and a name is written where it was meant", async ({ page, hub }) => {
  hub.write("app.log", 0, 400);
  hub.write("other.log", 0, 3);
  await hub.start();
  const release = await begin(page, hub);
  await page.keyboard.press("g");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("othx");
  await page.keyboard.press("Backspace");
  release();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("combobox")).toHaveValue("oth");
  await page.keyboard.type("er.log");
  await expect(dialog.getByRole("option", { selected: true })).toContainText("other.log");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: /other\.log/ })).toBeVisible();
});

test("a single letter works however early it is pressed", async ({ page, hub }) => {
  hub.write("app.log", 0, 400);
  await hub.start();
  const release = await begin(page, hub);
  await page.keyboard.press("f");
  await page.keyboard.type("line 7");
  release();
  await endsWith(page, 400);
  await expect(page.getByRole("textbox", { name: "Find in this view" })).toHaveValue("line 7");
});

test("Ctrl-K opens the palette when it is pressed as soon as the document is there", async ({ page, hub }) => {
  hub.write("app.log", 0, 3);
  await hub.start();
  await openLog(page, hub, "app.log");
  for (let i = 0; i < 10; i++) {
    await page.reload({ waitUntil: "domcontentloaded" });
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("dialog").getByRole("combobox")).toBeFocused();
  }
});
