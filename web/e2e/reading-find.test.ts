// Finding in a view.

import { expect, type Page, type Route } from "@playwright/test";
import { endsWith, openLog, range, test } from "./hub";

/** What is lit up, and what of it is the hit that was come to last. */
function lit(page: Page): Promise<{ all: string[]; now: string[] }> {
  return page.evaluate(() => {
    const texts = (name: string) => [...(CSS.highlights.get(name) ?? [])].map((range) => range.toString());
    return { all: texts("found"), now: texts("found-now") };
  });
}

test("what is found is lit up and counted, and n and N go from hit to hit", async ({ page, hub }) => {
  hub.write("app.log", 0, 150);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("f");
  await page.keyboard.type("LINE 1?[37]$");
  await expect(page.getByRole("status").filter({ hasText: /^4 lines/ })).toBeVisible();
  await page.keyboard.press("Shift+Enter");
  await expect(page.getByText("line 17", { exact: true })).toBeInViewport();
  await expect.poll(() => lit(page)).toEqual({ all: expect.arrayContaining(["line 13"]), now: ["line 17"] });
  await page.screenshot({ path: "test-results/found.png" });
  await page.keyboard.press("N");
  await page.keyboard.press("N");
  await expect.poll(async () => (await lit(page)).now).toEqual(["line 7"]);
  await page.keyboard.press("n");
  await expect.poll(async () => (await lit(page)).now).toEqual(["line 13"]);
  await page.keyboard.press("N");
  await page.keyboard.press("N");
  await page.keyboard.press("N");
  await expect(page.getByText("Nothing further up.")).toBeVisible();
  await page.getByRole("button", { name: "Close" }).click();
  expect(await lit(page)).toEqual({ all: [], now: [] });
});

test("what was typed is looked for by Enter, and then Enter, n and N go on, the other keys are the log's, and Escape ends it", async ({ page, hub }) => {
  hub.write("app.log", 0, 150);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("g");
  await expect(page.getByText("line 0", { exact: true })).toBeInViewport();
  await page.keyboard.press("f");
  await page.keyboard.type("line 1?[37]$");
  const now = async (): Promise<string[]> => (await lit(page)).now;
  for (const [key, hit] of [["Enter", "line 3"], ["Enter", "line 7"], ["n", "line 13"], ["N", "line 7"], ["n", "line 13"], ["Shift+Enter", "line 7"]] as const) {
    await page.keyboard.press(key);
    await expect.poll(now).toEqual([hit]);
  }
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("textbox", { name: "Find in this view" })).toBeHidden();
});

test("at the live end, what is nowhere on the screen is looked for above it, also beyond what is held", async ({ page, hub }) => {
  hub.append("app.log", "the needle\n");
  hub.write("app.log", 0, 20_000);
  hub.append("app.log", "the thimble\n");
  hub.write("app.log", 20_000, 20_150);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 20_150);
  for (const word of ["thimble", "needle"]) {
    await page.keyboard.press("G");
    await page.keyboard.press("f");
    await page.keyboard.type(word);
    await page.keyboard.press("Enter");
    await expect(page.getByText(`the ${word}`, { exact: true })).toBeInViewport();
  }
});

test("what lies only on the other side is gone to, and said to be there; what is nowhere is said to be nowhere", async ({ page, hub }) => {
  hub.append("app.log", "the needle\n");
  hub.write("app.log", 0, 20_000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 20_000);
  await page.keyboard.press(":");
  await page.keyboard.type("50%");
  await page.keyboard.press("Enter");
  // Until it has led there the keys are the field's.
  await expect(page.getByLabel("Go to a place in the log")).toBeHidden();
  await page.keyboard.press("f");
  await page.keyboard.type("needle");
  await page.keyboard.press("Enter");
  await expect(page.getByText("the needle", { exact: true })).toBeInViewport();
  await expect(page.getByText("Nothing further down. This one is above.")).toBeVisible();
  await page.keyboard.press("n");
  await expect(page.getByText("Nothing further down.", { exact: true })).toBeVisible();
  await page.keyboard.press("f");
  await page.keyboard.type("thimble");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Nowhere in this view.")).toBeVisible();
});

test("what was looked for last is looked for again by n and N after Escape, and is in the field when it is opened again", async ({ page, hub }) => {
  hub.write("app.log", 0, 150);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("f");
  await page.keyboard.type("LINE 1?[37]$");
  await page.keyboard.press("Enter");
  const now = async (): Promise<string[]> => (await lit(page)).now;
  await expect.poll(now).toEqual(["line 17"]);
  const field = page.getByRole("textbox", { name: "Find in this view" });
  for (const hit of ["line 13", "line 7"]) {
    await page.keyboard.press("Escape");
    await expect(field).toBeHidden();
    await page.keyboard.press("N");
    await expect.poll(now).toEqual([hit]);
  }
  await page.keyboard.press("Escape");
  await page.keyboard.press("f");
  await expect(field).toHaveValue("LINE 1?[37]$");
  await page.keyboard.type("line 2");
  await expect(field).toHaveValue("line 2");
});

test("at the live end what is found is lit up at once, and so is what comes", async ({ page, hub }) => {
  hub.write("app.log", 4000, 4996);
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("f");
  await page.keyboard.type("499[0-9]$");
  await expect.poll(async () => (await lit(page)).all.length).toBe(6);
  hub.write("app.log", 4996, 5000);
  await expect.poll(async () => (await lit(page)).all.length).toBe(10);
});

test("what is not held is found on the host and shown in its surroundings, in both directions", async ({ page, hub }) => {
  hub.write("app.log", 0, 40_000);
  hub.append("app.log", "the needle\n");
  hub.write("app.log", 40_000, 120_000);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 120_000);
  await page.keyboard.press("Control+f");
  await page.keyboard.type("Needle");
  await page.keyboard.press("Shift+Enter");
  await expect(page.getByText("the needle")).toBeInViewport();
  await expect(page.getByText("line 39999")).toBeInViewport();
  await expect(page.getByText("line 40000")).toBeInViewport();
  await expect.poll(async () => (await lit(page)).now).toEqual(["needle"]);
  await page.keyboard.press("Shift+Enter");
  await expect(page.getByText("Nothing further up.")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Home");
  await expect(page.getByText("line 0", { exact: true })).toBeInViewport();
  await page.keyboard.press("f");
  await page.keyboard.type("needle");
  await page.keyboard.press("Enter");
  await expect(page.getByText("the needle")).toBeInViewport();
});

test("what lies in a folded trace far from what is held is unfolded, shown and lit up, and so is the next one", async ({ page, hub }) => {
  const entry = (n: number): string => {
    const time = new Date(Date.parse("2026-03-01T00:00:00Z") + n * 1000).toISOString();
    const trace = ["java.lang.IllegalStateException: no stock", "\tat com.shop.Order.place(Order.java:7)", "\tat com.shop.Web.post(Web.java:12)", `Caused by: java.io.IOException: pipe ${n}.`, "\tat com.shop.Net.write(Net.java:7)", "\t... 3 more"];
    return n % 20 === 7 ? [`${time} ERROR order failed`, ...trace, ""].join("\n") : `${time} INFO done\n`;
  };
  hub.append("app.log", range(0, 20_000).map(entry).join(""));
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("f");
  await page.keyboard.type("pipe (8007|4007)\\.");
  await page.keyboard.press("Enter");
  for (const n of [8007, 4007]) {
    await expect(page.getByText(`Caused by: java.io.IOException: pipe ${n}.`, { exact: true })).toBeInViewport();
    await expect.poll(async () => (await lit(page)).now).toEqual([`pipe ${n}.`]);
    await page.keyboard.press("N");
  }
  await expect(page.getByText("Nothing further up.")).toBeVisible();
});

test("what is no pattern is told once, as it was typed, and one types on in the field; so where nothing was found", async ({ page, hub }) => {
  hub.write("app.log", 0, 3000);
  hub.write("short.log", 0, 5);
  await hub.start();
  await openLog(page, hub, "app.log");
  await endsWith(page, 3000);
  await page.keyboard.press("f");
  const field = page.getByRole("textbox", { name: "Find in this view" });
  await page.keyboard.type("([");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/The pattern \(\[ is wrong at character 2/)).toHaveCount(1);
  await expect(page.getByText(/\(\?i\)/)).toHaveCount(0);
  for (const typed of ["nowhere", "line 2999"]) {
    await expect(field).toBeFocused();
    await page.keyboard.press("Control+a");
    await page.keyboard.type(typed);
    await expect(field).toHaveValue(typed);
    await page.keyboard.press("Enter");
    if (typed === "nowhere") await expect(page.getByText("Nowhere in this view.")).toBeVisible();
  }
  await expect.poll(async () => (await lit(page)).now).toEqual(["line 2999"]);
  await expect(field).not.toBeFocused();

  await openLog(page, hub, "short.log");
  await page.keyboard.press("f");
  await page.keyboard.type("([");
  await page.keyboard.press("Enter");
  await expect(page.getByText("“([” is not a complete pattern.")).toBeVisible();
});

test("a hit in the part of a long line that is not shown is told to be there", async ({ page, hub }) => {
  hub.write("app.log", 0, 5);
  hub.append("app.log", `${"x".repeat(100_000)} the needle\n`);
  hub.append("app.log", "a needle\n");
  await hub.start();
  await openLog(page, hub, "app.log");
  await page.keyboard.press("f");
  await page.keyboard.type("needle");
  await page.keyboard.press("Shift+Enter");
  await expect.poll(async () => (await lit(page)).now).toEqual(["needle"]);
  const told = page.getByText("It is in a part of this line that is not shown.");
  await expect(told).toBeHidden();
  await page.keyboard.press("N");
  await expect(told).toBeVisible();
});

/** The page's questions for lines that match: held back and let through, so that what is seen of a search under way is no matter of how fast the machine is. */
class Questions {
  #held: Route[] = [];
  #holding = false;

  static async of(page: Page): Promise<Questions> {
    const questions = new Questions();
    await page.route(/\/api\/v1\/lines\?.*&grep=/, (route) => (questions.#holding ? void questions.#held.push(route) : route.continue()));
    return questions;
  }

  hold(): void {
    this.#holding = true;
  }

  /** Lets one through, once it is there. */
  async passOne(): Promise<void> {
    await expect.poll(() => this.#held.length).toBeGreaterThan(0);
    await this.#held.shift()?.continue();
  }

  async passAll(): Promise<void> {
    this.#holding = false;
    // The page has given some of them up.
    await Promise.allSettled(this.#held.splice(0).map((route) => route.continue()));
  }
}

/** Half a gigabyte is looked through by a program that was built for tests, on a machine with other things to do. */
const AT_LENGTH = { timeout: 120_000 };

test("finding goes on by itself through much more than the host looks through at once, tells how far it is, and Escape or a button stops it", async ({ page, hub }) => {
  test.setTimeout(480_000);
  const from = Date.parse("2026-03-01T00:00:00Z");
  const line = (n: number): string => `${new Date(from + n * 1000).toISOString()} INFO ${"nothing to see here, ".repeat(50)}${n}\n`;
  // Two stretches of 256 MiB and some, and the needle at the very beginning.
  const block = 10_000;
  hub.append("app.log", "the needle\n");
  for (let n = 0; n < 56; n++) hub.append("app.log", Array.from({ length: block }, (_, i) => line(n * block + i)).join(""));
  await hub.start();
  const questions = await Questions.of(page);
  await openLog(page, hub, "app.log");
  await expect(page.getByText(`, ${56 * block - 1}`)).toBeInViewport();
  const bar = page.getByRole("search").filter({ has: page.getByRole("textbox", { name: "Find in this view" }) });
  questions.hold();
  await page.keyboard.press("f");
  await page.keyboard.type("needle");
  await page.keyboard.press("Enter");
  await questions.passOne();
  await expect(bar.getByText(/^[\d.]+ MB, at Mar \d+, 2026/)).toBeVisible(AT_LENGTH);
  await page.screenshot({ path: "test-results/hunt.png" });
  await bar.getByRole("button", { name: "Stop" }).click();
  await expect(bar.getByText(/^Stopped after [\d.]+ MB, at Mar/)).toBeVisible();
  await questions.passAll();
  await page.keyboard.press("Enter");
  await expect(page.getByText("the needle")).toBeInViewport(AT_LENGTH);
  await page.keyboard.press("G");
  await expect(page.getByText(`, ${56 * block - 1}`)).toBeInViewport();
  await page.keyboard.press("f");
  await page.keyboard.type("no such thing");
  questions.hold();
  await page.keyboard.press("Enter");
  await expect(bar.getByRole("button", { name: "Stop" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(bar.getByRole("button", { name: "Stop" })).toBeHidden();
  await expect(bar).toBeVisible();
  await questions.passAll();
  await page.keyboard.press("Enter");
  await expect(bar.getByText("Nowhere in this view.")).toBeVisible(AT_LENGTH);

  // Under a filter one click goes as far.
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=needle`);
  await page.getByRole("button", { name: "Look further up" }).click();
  await expect(page.getByText("the needle")).toBeInViewport(AT_LENGTH);
  await page.goto(`${hub.url}logs?log=${hub.log("app.log")}&grep=nowhere`);
  await expect(page.getByRole("button", { name: "Look further up" })).toBeVisible();
  questions.hold();
  await page.getByRole("button", { name: "Look further up" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  // The stretch that is under way is looked through to its end.
  await questions.passAll();
  await expect(page.getByRole("button", { name: "Look further up" })).toBeVisible(AT_LENGTH);
});
