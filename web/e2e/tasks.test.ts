// Things that somebody on call wants, done on the real program as a person does them. What they take is printed, and with
// TASKS=FILE written there as a table: that is how docs/tasks.md is made. No time is asserted.

import { readFileSync, writeFileSync } from "node:fs";
import { expect, type BrowserContext, type Locator, type Page } from "@playwright/test";
import type { Agent } from "./agent";
import { isLive, test as base, type Hub } from "./hub";

/** A night on call: a shop on this host, its database on another, an incident at 02:55. */
const test = base.extend<{ night: { agent: Agent } }>({
  night: async ({ hub, page }, use) => {
    hub.append("access.log", minutes(0, 240).map((at) => `${at} INFO GET /healthz 200\n`).join(""));
    hub.append("orders.log.1", minutes(0, 60).map((at, i) => `${at} INFO order ${i} taken\n`).join(""));
    hub.append("orders.log", minutes(60, 174).map((at, i) => `${at} INFO order ${60 + i} taken\n`).join("") + INCIDENT + rest());
    await hub.start();
    const agent = hub.agent("db1");
    agent.append("postgres.log", minutes(60, 240).map((at, i) => `${at} INFO checkpoint ${i} order=${60 + i}\n`).join(""));
    agent.start();
    await page.goto(hub.url);
    await expect(page.getByRole("row", { name: /postgres\.log/ })).toBeVisible();
    await use({ agent });
  },
});

const minute = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString().replace(".000", "");
const minutes = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => minute(from + i));

const INCIDENT =
  `${minute(174)} ERROR order 1174 too early to matter\n` +
  `${minute(175)} INFO pool has 0 of 20 connections left\n` +
  `${minute(176)} ERROR order 1175 failed\njava.lang.IllegalStateException: pool is empty\n\tat shop.Pool.take(Pool.java:41)\n\tat shop.Orders.save(Orders.java:7)\n` +
  `${minute(177)} WARN retrying order 1175\n` +
  `{"time":"${minute(178)}","level":"error","message":"order 1176 failed","order":1176,"customer":{"id":9007199254740993}}\n`;

function rest(): string {
  return minutes(180, 240).map((at, i) => `${at} INFO order ${180 + i} taken\n`).join("");
}

const row = (page: Page, text: string | RegExp): Locator => page.locator(".row", { hasText: text });

async function openByName(page: Page, words: string): Promise<void> {
  await page.getByLabel("Filter logs by name").fill(words);
  await page.keyboard.press("Enter");
  await isLive(page);
}

async function goTo(page: Page, place: string): Promise<void> {
  await page.keyboard.press(":");
  await page.getByLabel("Go to a place in the log").fill(place);
  await page.keyboard.press("Enter");
}

async function openBoth(page: Page): Promise<void> {
  for (const name of ["orders.log", "postgres.log"]) await page.getByRole("row", { name }).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Open 2 logs together" }).click();
  await isLive(page);
}

interface Took {
  what: string;
  steps: string;
  seconds: number;
}
const table: Took[] = [];

type World = { page: Page; context: BrowserContext; hub: Hub; agent: Agent };
/** `first` leads to where the task begins; only `act`, which ends when one sees what one wanted, is timed. */
function task(what: string, steps: string, first: (world: World) => Promise<void>, act: (world: World) => Promise<void>): void {
  test(what, async ({ page, hub, night, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const world = { page, context, hub, agent: night.agent };
    await first(world);
    const before = performance.now();
    await act(world);
    table.push({ what, steps, seconds: (performance.now() - before) / 1000 });
  });
}

const atList = async (): Promise<void> => {};
const inOrders = ({ page }: World): Promise<void> => openByName(page, "orders");

// One after the other in one worker, so that the table is whole and nobody is slowed down by a neighbour.
test.describe.configure({ mode: "default" });

task("find the log by half its name", "`/`, `ord`, Enter", atList, async ({ page }) => {
  await page.keyboard.press("/");
  await page.keyboard.type("ord");
  await page.keyboard.press("Enter");
  await expect(row(page, "order 239 taken")).toBeInViewport();
});

task("open a log without going back to the list", "Ctrl-K, `post`, Enter", inOrders, async ({ page }) => {
  await page.keyboard.press("Control+k");
  await page.keyboard.type("post");
  await page.keyboard.press("Enter");
  await expect(row(page, "checkpoint 179")).toBeInViewport();
});

task("see whether it still goes wrong now", "choose *error and worse*, and wait", inOrders, async ({ page, hub }) => {
  await page.getByLabel("Least level").selectOption("error");
  await expect(row(page, "order 1175 failed")).toBeInViewport();
  hub.append("orders.log", `${minute(241)} ERROR order 1241 failed\n`);
  await expect(row(page, "order 1241 failed")).toBeInViewport();
});

const toFirstError = async ({ page }: World): Promise<void> => {
  await page.getByLabel("Least level").selectOption("error");
  await expect(row(page, "order 1175 failed")).toBeInViewport();
  await goTo(page, "02:55");
  await expect(row(page, "order 1175 failed")).toHaveClass(/marked/);
};

task("the first error after 02:55", "choose *error and worse*; `:` `02:55` Enter", inOrders, toFirstError);

task(
  "what came just before it",
  "right click on the line, *Show surroundings, unfiltered*",
  async (world) => {
    await inOrders(world);
    await toFirstError(world);
  },
  async ({ page }) => {
    await row(page, "order 1175 failed").first().click({ button: "right" });
    await page.getByRole("menuitem", { name: "Show surroundings, unfiltered" }).click();
    await expect(row(page, "pool has 0 of 20 connections left")).toBeInViewport();
  },
);

task("send the line to somebody", "right click on the line, *Copy link to this line*; they open it", inOrders, async ({ page, context }) => {
  await goTo(page, "02:55");
  await row(page, "pool has 0 of 20").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Copy link to this line" }).click();
  await expect(page.getByText("Link copied")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await context.newPage();
  await other.goto(link);
  await expect(row(other, "pool has 0 of 20")).toBeInViewport();
});

task("watch two hosts at once", "tick both logs, *Open 2 logs together*", atList, async ({ page, hub, agent }) => {
  await openBoth(page);
  hub.append("orders.log", `${minute(250)} INFO order 250 taken\n`);
  agent.append("postgres.log", `${minute(250)} INFO checkpoint order=250\n`);
  await expect(row(page, "order 250 taken")).toBeInViewport();
  await expect(row(page, "checkpoint order=250")).toBeInViewport();
});

task("put the two side by side", "*Side by side*", ({ page }) => openBoth(page), async ({ page }) => {
  await page.getByRole("button", { name: "Side by side" }).click();
  await expect(page.locator(".pane")).toHaveCount(2);
  await expect(row(page, "order 239 taken")).toBeInViewport();
  await expect(row(page, "checkpoint 179")).toBeInViewport();
});

task("silence the one that talks too much", "click its name in the legend", ({ page }) => openBoth(page), async ({ page }) => {
  await page.getByRole("button", { name: /^postgres\.log db1/ }).click();
  await expect(row(page, "checkpoint")).toHaveCount(0);
  await expect(row(page, "order 239 taken")).toBeInViewport();
});

task("follow one order through both hosts", "`/`, `order[ =]200`, Enter", ({ page }) => openBoth(page), async ({ page }) => {
  await page.keyboard.press("/");
  await page.keyboard.type("order[ =]200");
  await page.keyboard.press("Enter");
  await expect(page.locator(".row .text")).toHaveCount(2);
  await expect(row(page, "order 200 taken")).toBeInViewport();
  await expect(row(page, "order=200")).toBeInViewport();
});

task("leave out the noise", "write `healthz` into *Leave out*, Enter", ({ page }) => openByName(page, "access"), async ({ page, hub }) => {
  await page.getByLabel("Leave out").first().fill("healthz");
  await page.keyboard.press("Enter");
  await expect(page.getByText("healthz 200")).toHaveCount(0);
  hub.append("access.log", `${minute(241)} INFO GET /healthz 200\n${minute(241)} WARN POST /orders 503\n`);
  await expect(row(page, "POST /orders 503")).toBeInViewport();
});

task("stop it, read, and go on without missing anything", "Space; Space", inOrders, async ({ page, hub }) => {
  await page.keyboard.press("Space");
  hub.append("orders.log", minutes(300, 310).map((at, i) => `${at} INFO order ${300 + i} taken\n`).join(""));
  await expect(page.getByRole("button", { name: "Follow · 10 new lines" })).toBeVisible();
  await page.keyboard.press("Space");
  await expect(row(page, "order 309 taken")).toBeInViewport();
});

task("copy the last minutes for the report", "click a line, Shift-click another, *Copy*", inOrders, async ({ page }) => {
  await row(page, "order 235 taken").locator(".text").click();
  await row(page, "order 239 taken").locator(".text").click({ modifiers: ["Shift"] });
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByText("5 lines copied")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(minutes(235, 240).map((at, i) => `${at} INFO order ${235 + i} taken`).join("\n"));
});

task("keep a whole log as a file", "Ctrl-K, `whole`, Enter", ({ page }) => openByName(page, "postgres"), async ({ page, agent }) => {
  const download = page.waitForEvent("download");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("whole");
  await page.keyboard.press("Enter");
  expect(readFileSync(await (await download).path(), "utf8")).toBe(readFileSync(agent.path("postgres.log"), "utf8"));
});

task("the very first line", "`g`", ({ page }) => openByName(page, "postgres"), async ({ page }) => {
  await page.keyboard.press("g");
  await expect(row(page, /checkpoint 0 /)).toBeInViewport();
  await expect(page.getByText("The log begins here.")).toBeVisible();
});

task("find a word and go from hit to hit", "`f`, `1175`, Enter; `N`", inOrders, async ({ page }) => {
  await page.keyboard.press("f");
  await page.keyboard.type("1175");
  await page.keyboard.press("Enter");
  await expect(row(page, "retrying order 1175")).toBeInViewport();
  await page.keyboard.press("N");
  await expect(row(page, "order 1175 failed")).toBeInViewport();
});

task(
  "see where an exception came from",
  "click *+ 3 lines* behind it",
  async (world) => {
    await inOrders(world);
    await goTo(world.page, "02:55");
  },
  async ({ page }) => {
    await page.getByRole("button", { name: "+ 3 lines" }).click();
    await expect(page.getByText("at shop.Orders.save(Orders.java:7)")).toBeVisible();
  },
);

task(
  "read a line of JSON",
  "click *{…}* on it",
  async (world) => {
    await inOrders(world);
    await goTo(world.page, "02:58");
  },
  async ({ page }) => {
    const json = row(page, "order 1176 failed");
    await json.getByTitle("All fields as a tree").click();
    await expect(json.getByRole("treeitem", { name: /^customer/ })).toContainText("9007199254740993");
  },
);

task(
  "read on over a rotation",
  "`g`, scroll up",
  async (world) => {
    await inOrders(world);
    await goTo(world.page, "01:05");
  },
  async ({ page }) => {
    await page.getByTestId("rows").hover();
    await expect(async () => {
      await page.mouse.wheel(0, -400);
      await expect(row(page, "order 42 taken")).toBeInViewport({ timeout: 500 });
    }).toPass();
  },
);

task("watch all logs of a kind, also those to come", "write `web1:*.log` into the list, Enter", atList, async ({ page, hub }) => {
  await page.getByLabel("Filter logs by name").fill("web1:*.log");
  await page.keyboard.press("Enter");
  await expect(row(page, "order 239 taken")).toBeInViewport();
  hub.append("billing.log", `${minute(239)} INFO first bill\n`);
  await expect(row(page, "first bill")).toBeInViewport();
});

task("which host does not answer, and since when", "*Hub*", async ({ agent }) => agent.kill(), async ({ page }) => {
  await page.getByRole("link", { name: "Hub", exact: true }).click();
  await expect(page.getByRole("row", { name: /db1 lost/ })).toBeVisible();
});

test.afterAll(() => {
  const lines = table.map(({ what, steps, seconds }, i) => `| ${i + 1} | ${what} | ${steps} | ${seconds.toFixed(1)} |`);
  console.log(lines.join("\n"));
  const file = process.env["TASKS"];
  if (file === undefined) return;
  const text = readFileSync(file, "utf8");
  const head = text.slice(0, text.indexOf("\n|---") + 1);
  writeFileSync(file, `${head}|---|---|---|---|\n${lines.join("\n")}\n`);
});
