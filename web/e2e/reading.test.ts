// Reading one log: where one stands in it, and that nothing moves what is read.

import { expect, type Locator, type Page, type Route } from "@playwright/test";
import { endsWith, isLive, numbers, openLog, range, readAll, rowOf, test, wheel } from "./hub";

/** A line that is well on the screen, and how far down it is. */
async function middleRow(page: Page): Promise<{ row: Locator; y: number }> {
  const shown = await numbers(page);
  const row = rowOf(page, new RegExp(`^line ${shown[Math.floor(shown.length / 2)]}$`));
  return { row, y: (await row.boundingBox())?.y ?? Number.NaN };
}

const first = async (page: Page): Promise<number> => {
  const top = (await page.getByTestId("rows").boundingBox())?.y ?? 0;
  const rows = await page.locator(".row").evaluateAll((all) => all.map((row) => [row.getBoundingClientRect().bottom, row.querySelector(".text")?.textContent]));
  return Number(/\d+$/.exec(String(rows.find(([bottom]) => Number(bottom) > top + 1)?.[1]))?.[0]);
};

test("paused, nothing moves and what comes is counted; following again, the end is on the screen", async ({ page, hub }) => {
  hub.write("app.log", 0, 500);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 500);
  await page.getByRole("button", { name: "Pause" }).click();
  const { row, y } = await middleRow(page);
  for (let i = 0; i < 10; i++) hub.write("app.log", 500 + 100 * i, 600 + 100 * i);
  await expect(page.getByRole("button", { name: "Follow · 1,000 new lines" })).toBeVisible();
  expect((await row.boundingBox())?.y).toBe(y);
  await page.keyboard.press(" ");
  await expect(page.getByText("line 1499")).toBeInViewport();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
});

/** Scrolls by so many pixels and tells by how many the row in the middle of the screen has moved two frames later. */
function moves(page: Page, by: number): Promise<number> {
  return page.getByTestId("rows").evaluate(async (box, pixels) => {
    const middle = box.getBoundingClientRect().top + box.clientHeight / 2;
    const row = [...box.querySelectorAll(".row")].find((each) => each.getBoundingClientRect().bottom > middle);
    const before = row?.getBoundingClientRect().top ?? Number.NaN;
    box.scrollTop += pixels;
    for (let i = 0; i < 2; i++) await new Promise((frame) => requestAnimationFrame(frame));
    return (row?.getBoundingClientRect().top ?? Number.NaN) - before;
  }, by);
}

test("rows above that turn out higher than thought do not move what is read, and neither does a row that is unfolded", async ({ page, hub }) => {
  for (let i = 0; i < 600; i++) hub.append("app.log", `line ${i}${i % 7 === 3 ? " wide, 寬".repeat(40 + (i % 50)) : ""}\n`);
  hub.append("app.log", `${"x".repeat(9000)}\n`);
  hub.write("app.log", 600, 612);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.getByRole("button", { name: "Pause" }).click();
  expect(await moves(page, -100)).toBe(100);
  // Pages come above meanwhile.
  for (let i = 0; i < 60; i++) expect(await moves(page, -170)).toBe(170);
  expect(await moves(page, 300)).toBe(-300);

  await page.keyboard.press("End");
  await page.keyboard.press(" ");
  const more = page.getByRole("button", { name: /more$/ });
  await moves(page, -200);
  const row = page.locator(".row").filter({ has: more });
  const above = rowOf(page, /^line 599$/);
  const was = [(await row.boundingBox())?.y, (await above.boundingBox())?.y];
  await more.click();
  await expect(more).toBeHidden();
  const long = page.locator(".row", { hasText: /x{100}/ });
  expect([(await long.boundingBox())?.y, (await above.boundingBox())?.y]).toEqual(was);
});

test("the scrollbar stands for the whole file: dragged, it leads anywhere in it, and to its live end", async ({ page, hub }) => {
  hub.write("app.log", 0, 200_000);
  await hub.start();
  await openLog(page, hub, "app.log");
  const bar = page.getByRole("scrollbar", { name: "Place in the file" });
  await expect(bar).toHaveAttribute("aria-valuenow", "100");
  const box = (await bar.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const x = box.x + box.width / 2;
  await page.mouse.move(x, box.y + box.height - 10);
  await page.mouse.down();
  await page.mouse.move(x, box.y + box.height * 0.7, { steps: 5 });
  await page.mouse.move(x, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => first(page)).toBeGreaterThan(98_000);
  await expect.poll(() => first(page)).toBeLessThan(115_000);
  await expect(bar).toHaveAttribute("aria-valuetext", /^(49|50|51)\.\d% of 2\.\d\d MB$/);
  await expect(page.getByText(/^(49|50|51)\.\d% of/)).toBeVisible();

  const before = await first(page);
  await wheel(page, -2000);
  await expect.poll(() => first(page)).toBeLessThan(before - 50);
  const shown = await numbers(page);
  expect(shown).toEqual(range(shown[0] ?? 0, (shown[0] ?? 0) + shown.length));

  await page.mouse.click(x, box.y + 4);
  await expect(page.getByText("line 0", { exact: true })).toBeInViewport();
  await page.mouse.move(x, box.y + 4);
  await page.mouse.down();
  await page.mouse.move(x, box.y + box.height + 50, { steps: 4 });
  await page.mouse.up();
  await expect(page.getByText("line 199999")).toBeInViewport();
  hub.write("app.log", 200_000, 200_001);
  await expect(page.getByText("line 200000")).toBeInViewport();
  await isLive(page);
});

test("a share, a byte, a time and a link lead there, and what is none of them is told", async ({ page, hub }) => {
  for (let hour = 0; hour < 24; hour++) {
    const lines = Array.from({ length: 60 }, (_, i) => `2026-01-01T${String(hour).padStart(2, "0")}:${String(i).padStart(2, "0")}:00Z line ${hour * 60 + i}\n`);
    hub.append("app.log", lines.join(""));
  }
  await hub.start();
  await openLog(page, hub, "app.log");
  await expect(page.getByText("line 1439")).toBeInViewport();
  const field = page.getByLabel("Go to a place in the log");
  const go = async (where: string): Promise<void> => {
    await page.keyboard.press(":");
    await field.fill(where);
    await field.press("Enter");
  };
  await go("02:55");
  await expect.poll(() => first(page)).toBe(175);
  await go("0");
  await expect.poll(() => first(page)).toBe(0);
  await go("50%");
  await expect.poll(() => first(page)).toBeGreaterThan(690);
  expect(await first(page)).toBeLessThan(730);
  await go("somewhere");
  await expect(page.getByRole("alert")).toContainText("Write a share");
  await expect(field).toBeFocused();
  await field.press("Escape");
  await expect(field).toBeHidden();
  await go("end");
  await expect(page.getByText("line 1439")).toBeInViewport();
});

test("a byte leads to the line that holds it, which is marked: its first byte, one within, and its line feed", async ({ page, hub }) => {
  const lines = range(0, 900).map((i) => `${"x".repeat(i % 37)} line ${i}\n`);
  hub.append("app.log", lines.join(""));
  await hub.start();
  await openLog(page, hub, "app.log");
  const start = lines.slice(0, 400).join("").length;
  const marked = page.locator(".row.marked");
  for (const byte of [start, start + 3, start + (lines[400] ?? "").length - 1]) {
    await page.keyboard.press(":");
    await page.getByLabel("Go to a place in the log").fill(String(byte));
    await page.keyboard.press("Enter");
    await expect(marked).toContainText("line 400");
    await expect(marked).toBeInViewport({ ratio: 1 });
    await page.keyboard.press("Escape");
    await expect(marked).toBeHidden();
    await page.keyboard.press("Space");
    await expect(page.getByText(/line 899$/)).toBeInViewport();
  }
});

test("where the field has led, it is out of the way and the keys are those of the log again", async ({ page, hub }) => {
  hub.write("app.log", 0, 2000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press(":");
  await page.keyboard.type("50%");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /^Follow/ })).toBeVisible();
  await expect(page.getByLabel("Go to a place in the log")).toBeHidden();
  await page.keyboard.press("Space");
  await expect(page.getByText("line 1999", { exact: true })).toBeInViewport();
});

test("Escape goes one step back at a time: out of a field, and only then off the mark of a line", async ({ page, hub }) => {
  for (let i = 0; i < 120; i++) hub.append("app.log", `2026-01-01T${String(Math.floor(i / 60)).padStart(2, "0")}:${String(i % 60).padStart(2, "0")}:00Z line ${i}\n`);
  await hub.start();
  await openLog(page, hub, "app.log");
  const marked = page.locator(".row.marked");
  await page.keyboard.press(":");
  await page.getByRole("textbox", { name: "Go to a place in the log" }).fill("00:55");
  await page.keyboard.press("Enter");
  await expect(marked).toContainText("line 55");
  await page.keyboard.press(":");
  await page.keyboard.press("Escape");
  const field = page.getByRole("textbox", { name: "Find in this view" });
  for (const typing of [true, false]) {
    await page.keyboard.press("f");
    await field.fill("line 57");
    if (!typing) await field.press("Enter");
    await page.keyboard.press("Escape");
    await expect(field).toBeHidden();
    await expect(marked).toContainText("line 55");
    await expect(page).toHaveURL(/[?&]at=/);
  }
  await page.keyboard.press("Escape");
  await expect(marked).toBeHidden();
  await expect(page).not.toHaveURL(/[?&]at=/);
});

test("upwards the log goes on in the older file without a seam, and the bar says where that is", async ({ page, hub }) => {
  hub.write("app.log", 0, 400);
  hub.rotate("app.log");
  hub.write("app.log", 400, 700);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 700);
  await wheel(page, -200);
  expect((await readAll(page, "up")).slice(0, 600)).toEqual(range(0, 600));
  await expect(page.getByText("in an older file")).toBeVisible();
  await expect(page.getByRole("scrollbar")).toHaveAttribute("aria-valuenow", "0");
  await page.keyboard.press("Home");
  await expect(page.getByText("line 0", { exact: true })).toBeInViewport();
});

test("a time or a byte beyond the end leads to the end, and that is said", async ({ page, hub }) => {
  const time = (n: number): string => new Date(Date.parse("2026-03-01T00:00:00Z") + n * 1000).toISOString();
  hub.append("app.log", range(0, 2000).map((n) => `${time(n)} INFO number ${n}.\n`).join(""));
  await hub.start();
  await openLog(page, hub, "app.log");
  for (const [goal, words] of [
    ["2031-01-01", "No line after 2031-01-01 00:00:00Z; the last is of 2026-03-01 00:33:19Z. This is the end."],
    ["5 GB", "The log does not reach that far; it ends at 84.9 kB. This is its end."],
    ["18446744073709551615", "The log does not reach that far; it ends at 84.9 kB. This is its end."],
  ] as const) {
    await page.keyboard.press("g");
    await expect(page.getByText("INFO number 0.")).toBeInViewport();
    await page.keyboard.press(":");
    await page.keyboard.type(goal);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: words })).toBeVisible();
    await expect(page.getByText("INFO number 1999.")).toBeInViewport();
    await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
    await page.keyboard.press("Escape");
  }
  await page.keyboard.press(":");
  await page.keyboard.type("2026-02-30 10:00");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "There is no such day." })).toBeVisible();
});

test("of the ways to both ends in quick succession the last one wins, whatever is answered when", async ({ page, hub }) => {
  hub.write("app.log", 0, 3000);
  await hub.start();
  const held: Route[] = [];
  await page.route(/\/api\/v1\/lines\?.*&offset=0&/, (route) => void held.push(route));
  await openLog(page, hub, "app.log");
  await endsWith(page, 3000);
  await page.keyboard.press("g");
  await expect.poll(() => held.length).toBe(1);
  await page.keyboard.press("G");
  await Promise.allSettled(held.splice(0).map((route) => route.continue()));
  await expect(page.getByText("line 2999", { exact: true })).toBeInViewport();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  hub.write("app.log", 3000, 3001);
  await expect(page.getByText("line 3000", { exact: true })).toBeInViewport();
});
