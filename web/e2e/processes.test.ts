// The page of processes over a real hub, agents that are processes of their own, and neighbours that really leak and hold on to files.

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, type Locator, type Page } from "@playwright/test";
import { test, type Hub } from "./hub";
import { Leaky, shell } from "./neighbours";

function row(page: Page, pid: number, host = "web1"): Locator {
  return page.locator("tbody tr").filter({ has: page.locator(`a[href$="host=${host}&pid=${pid}"], a[href*="host=${host}&pid=${pid}&"]`) });
}

const all = (hub: Hub, query = ""): string => `${hub.url}processes${query}`;

test("who opens a connection for each request is seen coming near its limit, with whom it is connected, and what would close one", async ({ page, hub }) => {
  await hub.start();
  const shop = new Leaky();
  try {
    await shop.start(100, true);
    await shop.request(20);
    await page.goto(all(hub, "?q=leaky-shop"));
    await expect(row(page, shop.pid)).toContainText(/\d+ of 100/);
    const open = async (): Promise<number> => Number(/(\d+) of 100/.exec(await row(page, shop.pid).innerText())?.[1]);
    const before = await open();
    await shop.request(15);
    await expect.poll(open).toBe(before + 15);
    await expect(row(page, shop.pid).locator("polyline")).toHaveCount(1);

    await row(page, shop.pid).getByRole("link", { name: "leaky-shop" }).click();
    await expect(page).toHaveURL(new RegExp(`processes\\?host=web1&pid=${shop.pid}&q=leaky-shop$`));
    await expect(page.getByText(new RegExp(`^35 → ${shop.peer} \\(.*\\), 35 CLOSE_WAIT$`))).toBeVisible();
    await page.getByText("Single files").click();
    await page.getByRole("button", { name: "Command that ends it" }).first().click();
    await expect(page.getByText(/^ss -Kt src 127\.0\.0\.1 sport = \d+ dst 127\.0\.0\.1 dport = \d+$/)).toBeVisible();
    await page.getByText("Which limit is in force").click();
    await expect(page.getByText("It may open 100 files (soft limit), and raise that to 100 (hard limit).")).toBeVisible();
    await expect(page.getByText("fs.nr_open", { exact: true })).toBeVisible();
    await page.goBack();
    await expect(row(page, shop.pid)).toBeVisible();
  } finally {
    await shop.end();
  }
});

test("who is at its limit is named over all else, with its evidence, until it has ended", async ({ page, hub }) => {
  await hub.start();
  const shop = new Leaky();
  try {
    await shop.start(60, false);
    await shop.request(60);
    await page.goto(all(hub));
    const wrong = page.getByRole("region", { name: "What is wrong" }).getByRole("listitem").filter({ hasText: `pid ${shop.pid} on web1` });
    await expect(wrong).toContainText(/(At its limit|Spin)/);
    await expect(wrong).toContainText(/\d+ of 60 files are open/);
    await expect(page.locator("tbody tr").first()).toContainText(String(shop.pid));
    await wrong.getByRole("link").click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("leaky-shop");
  } finally {
    await shop.end();
  }
  await expect(page.getByRole("alert")).toHaveText("This process has ended. What is shown is how it was last seen.");
});

test("a deleted file that is still open is shown with its size, and a command that raises a limit can be copied", async ({ page, hub, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await hub.start();
  const holder = await shell('ulimit -Sn 200; exec 7>"$1"; head -c 3000000 /dev/zero >&7; rm "$1"; echo ready; exec sleep 600', hub.path("gone.bin"));
  try {
    await page.goto(all(hub, `?host=web1&pid=${holder.pid}`));
    await expect(page.getByText("1 deleted file is still open: 3.00 MB")).toBeVisible();
    await expect(page.getByText(`7 ${hub.path("gone.bin")}`)).toBeVisible();
    const hard = /Max open files\s+\d+\s+(\d+)/.exec(readFileSync(`/proc/${holder.pid}/limits`, "utf8"))?.[1];
    const command = `prlimit --pid ${holder.pid} --nofile=${hard}:${hard}`;
    await page.getByRole("button", { name: `Copy: ${command}` }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(command);
  } finally {
    await holder.end();
  }
});

test("a row shows how far a limit can be raised, also on a phone, and begins with what tells its command from others", async ({ page, hub }) => {
  await hub.start();
  const holder = await shell("ulimit -Sn 200; echo ready; exec /usr/bin/sleep 600");
  try {
    const hard = Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync(`/proc/${holder.pid}/limits`, "utf8"))?.[1]).toLocaleString("en");
    await page.goto(all(hub, `?q=${holder.pid}`));
    for (const width of [1280, 375]) {
      await page.setViewportSize({ width, height: 800 });
      await expect(row(page, holder.pid).locator("td.fds")).toHaveText(new RegExp(`^\\s*\\d+ of 200\\s+/ ${hard}\\s*$`));
      await expect(row(page, holder.pid).getByText(`/ ${hard}`)).toBeVisible();
      await expect(row(page, holder.pid).locator(".command")).toHaveText("sleep 600");
      await expect(row(page, holder.pid).locator("td.what")).toHaveAttribute("title", "/usr/bin/sleep 600");
    }
  } finally {
    await holder.end();
  }
});

test("who has the other end of a pipe is shown, or that nobody has, and of a thread the process that it is of", async ({ page, hub }) => {
  await hub.start();
  // The reader ends with who writes.
  const writer = await shell('mkfifo "$1"; cat <"$1" >/dev/null & exec 7>"$1"; echo ready; exec sleep 600', hub.path("pipe"));
  const thread = readdirSync(`/proc/${hub.pid}/task`).find((each) => each !== String(hub.pid)) ?? "";
  try {
    await page.goto(all(hub, `?host=web1&pid=${writer.pid}`));
    await page.getByText("Single files").click();
    const seven = page.getByRole("row").filter({ has: page.getByRole("cell", { name: "7", exact: true }) });
    await expect(seven).toContainText("writes");
    await expect(seven).toContainText(/the other end: cat \d+/);
    await page.goto(all(hub, `?host=web1&pid=${thread}`));
    await expect(page.getByText(`${thread} is a thread of process ${hub.pid}, which is shown.`)).toBeVisible();
  } finally {
    await writer.end();
  }
});

test("what a host says of limits, files and connections is read in Chinese", async ({ page, hub }) => {
  await hub.start();
  const holder = await shell("ulimit -Sn 200; exec 7</dev/null; echo ready; exec sleep 600");
  await page.addInitScript(() => localStorage.setItem("tailcast.language", "zh"));
  try {
    await page.goto(all(hub, `?host=web1&pid=${holder.pid}`));
    await unfold(page);
    await expect(page.getByRole("region", { name: "限制" }).getByRole("table")).toBeVisible();
    expect(await englishIn(page)).toEqual([]);
    await page.goto(all(hub, "?host=web1&show=limits"));
    // What stands above all limits, and where the hub itself waits for connections.
    await expect(page.getByRole("table")).toHaveCount(2);
    expect(await englishIn(page)).toEqual([]);
    await page.locator("main ol a").first().click();
    await unfold(page);
    await expect(page.getByText(/^监视/).first()).toBeVisible();
    expect(await englishIn(page)).toEqual([]);
    await page.goto(all(hub, "?host=web1&pid=2147483000"));
    await expect(page.getByRole("alert")).toContainText("没有这个编号的进程");
  } finally {
    await holder.end();
  }
});

/** Shows all that is folded of a process. */
async function unfold(page: Page): Promise<void> {
  await expect(page.locator("summary")).toHaveCount(2);
  for (const at of [0, 1]) await page.locator("summary").nth(at).click();
}

/** What has three English words in a row, but for code and what processes are called. */
function englishIn(page: Page): Promise<string[]> {
  return page.locator("main").evaluate((main) => {
    const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      // Of a process only its name is English.
      const words = (node.textContent ?? "").replaceAll(/[\w .-]+ \(pid \d+\)/g, "");
      const own = node.parentElement?.closest("code, pre, h1, ol a, .mono, script") !== null;
      if (!own && /[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}/.test(words)) found.push(words);
    }
    return found;
  });
}

test("a log leads to who writes it, and from there back to the log", async ({ page, hub }) => {
  hub.write("app.log", 0, 5);
  await hub.start();
  const writer = await shell('exec 3>>"$1"; echo ready; exec sleep 600', hub.path("app.log"));
  try {
    await page.goto(`${hub.url}logs?log=${hub.log("app.log")}`);
    await page.locator("footer button[aria-haspopup]").first().click();
    await page.getByRole("link", { name: "Who writes this log" }).click();
    await expect(row(page, writer.pid)).toBeVisible();
    await expect(page.locator("tbody tr")).toHaveCount(1);
    await expect(page.getByText(`Only those that write ${hub.log("app.log")}.`)).toBeVisible();
    await row(page, writer.pid).getByRole("link").first().click();
    await page.getByRole("link", { name: hub.path("app.log"), exact: true }).click();
    await expect(page.getByTestId("standing")).toHaveText("live");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("Who writes this log");
    await page.keyboard.press("Enter");
    await expect(row(page, writer.pid)).toBeVisible();
  } finally {
    await writer.end();
  }
});

test("all hosts are in one table, and one that is away, or does not want to be looked at, is named with the reason", async ({ page, hub }) => {
  await hub.start();
  const [db, away, shy] = [hub.agent("db1"), hub.agent("web3"), hub.agent("vault")];
  shy.configure(["processes = false"]);
  for (const agent of [db, away, shy]) agent.start();
  await page.goto(all(hub, "?q=tailcast"));
  await expect(page.getByText(/processes on 3 hosts, without vault$/)).toBeVisible();
  await expect(page.locator("td.host").getByText("db1").first()).toBeVisible();
  await away.kill();
  // Over the table, and why below it.
  await expect(page.getByText(/processes on 2 hosts, without vault, web3$/)).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "web3" })).toContainText("The connection to its agent broke.");
  await expect(page.getByRole("listitem").filter({ hasText: "vault" })).toContainText("its configuration has processes = false under [agent]");
  await page.locator("td.host").getByText("db1").first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Processes of db1");
  await page.getByRole("link", { name: "Connections" }).click();
  await expect(page.getByRole("heading", { name: "Sockets by state" })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: new URL(hub.url).host })).toContainText(/0 of [\d,]+/);
  await page.getByRole("link", { name: "Limits" }).click();
  await expect(page.getByText("The agent of this host is")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Who has set it" })).toBeVisible();
});

test("it is sorted and found in by keys alone, and every view is an address", async ({ page, hub }) => {
  await hub.start();
  await page.goto(all(hub));
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await page.getByRole("columnheader", { name: "Memory" }).getByRole("button").focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/processes\?sort=memory$/);
  await expect(page.getByRole("columnheader", { name: "Memory" })).toHaveAttribute("aria-sort", "descending");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/processes\?sort=memory&reverse$/);
  await expect(page.getByRole("columnheader", { name: "Memory" })).toHaveAttribute("aria-sort", "ascending");
  await page.getByRole("columnheader", { name: "PID" }).getByRole("button").click();
  const pids = (): Promise<number[]> => page.locator("tbody td.pid").evaluateAll((cells) => cells.map((cell) => Number(cell.textContent)));
  await expect.poll(async () => (await pids()).every((pid, i, list) => i === 0 || pid > (list[i - 1] ?? 0)) && (await pids()).length > 3).toBe(true);
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("/");
  // The hub of this test alone: those of the tests beside it come and go.
  const own = basename(hub.dir);
  await page.keyboard.type(own);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  const found = all(hub, `?q=${own}&sort=pid`);
  await expect(page).toHaveURL(found);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await expect(page.locator("tbody a.name").first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("on web1");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(found);
});

test("a name and a command are text, whatever is in them, and no more than a page can bear", async ({ page, hub }) => {
  await hub.start();
  const name = "<img src=x onerror=alert(1)>\u001b[2J\u202e";
  const long = await shell(`echo ready; exec bash -c 'exec -a "$0" sleep 600' "$1"`, name + "A".repeat(100_000));
  try {
    await page.goto(all(hub, `?host=web1&pid=${long.pid}`));
    await expect(page.getByRole("region", { name: "Command" })).toContainText("<img src=x onerror=alert(1)>\\x1b[2J\\u{202e}AAAA");
    expect((await page.getByRole("region", { name: "Command" }).innerText()).length).toBeLessThan(5000);
    await page.goto(all(hub, `?q=${long.pid}`));
    await expect(row(page, long.pid)).toContainText("<img src=x");
    await expect(page.locator("img")).toHaveCount(0);
    expect(await page.locator("main").evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
  } finally {
    await long.end();
  }
});

test("nobody who looks away has a host asked", async ({ page, hub }) => {
  await hub.start();
  let asked = 0;
  page.on("request", (request) => (asked += /\/api\/v1\/processes\b/.test(request.url()) ? 1 : 0));
  await page.goto(all(hub));
  await expect.poll(() => asked).toBeGreaterThan(1);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const before = asked;
  // Two looks would have been due.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 4500)));
  expect(asked).toBe(before);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => false });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect.poll(() => asked).toBeGreaterThan(before);
});

test("rows that are pointed at stay where they are", async ({ page, hub }) => {
  await hub.start();
  const shop = new Leaky();
  try {
    await shop.start(200, false);
    await page.goto(all(hub, "?sort=fds"));
    await expect(row(page, shop.pid)).toBeVisible();
    const place = (): Promise<number> => page.locator("tbody td.pid").evaluateAll((cells, pid) => cells.findIndex((cell) => cell.textContent === String(pid)), shop.pid);
    await row(page, shop.pid).hover();
    const before = await place();
    await shop.request(150);
    await expect(row(page, shop.pid)).toContainText(/1\d\d of 200/);
    expect(await place()).toBe(before);
    await page.mouse.move(5, 5);
    await expect.poll(place).toBeLessThan(before);
  } finally {
    await shop.end();
  }
});

for (const [whose, list] of [["all hosts", "?sort=pid"], ["one host", "?host=web1&sort=pid"]] as const) {
  test(`who comes back from a process is on its row again, and goes on from there (${whose})`, async ({ page, hub }) => {
    await hub.start();
    await page.goto(all(hub, list));
    const names = page.locator("tbody a.name");
    await expect(names.nth(2)).toBeVisible();
    for (let i = 0; i < 3; i++) await page.keyboard.press("j");
    await expect(names.nth(2)).toBeFocused();
    const to = await names.nth(2).getAttribute("href");
    const back = [() => page.keyboard.press("Escape"), () => page.goBack(), () => page.getByRole("link", { name: "← " }).click()];
    for (const comeBack of back) {
      await page.keyboard.press("Enter");
      await expect(page.getByRole("heading", { level: 1 })).toContainText("on web1");
      await comeBack();
      await expect(page.locator(`tbody a.name[href="${to}"]`)).toBeFocused();
      await expect(page).toHaveURL(all(hub, list));
    }
  });
}

test("when the process of the row that has the focus ends, the focus goes to the next row", async ({ page, hub, context }) => {
  await hub.start();
  const holder = await shell("echo ready; exec sleep 600");
  const after = await shell("echo ready; exec sleep 600");
  try {
    await page.goto(all(hub, "?q=sleep 600&sort=started"));
    await expect(row(page, after.pid)).toBeVisible();
    await expect(row(page, holder.pid)).toBeVisible();
    const pids = await page.locator("tbody td.pid").allTextContents();
    const next = pids[pids.indexOf(String(holder.pid)) + 1] ?? pids.at(-2);
    // Looked at in a tab of its own: the focus is on the row, and nobody is on it with the keyboard.
    const tab = context.waitForEvent("page");
    await row(page, holder.pid).locator("a.name").click({ modifiers: ["ControlOrMeta"] });
    await (await tab).close();
    await page.mouse.move(5, 5);
    await expect(row(page, holder.pid).locator("a.name")).toBeFocused();
    await holder.end();
    await expect(row(page, holder.pid)).toHaveCount(0);
    await expect(row(page, Number(next)).locator("a.name")).toBeFocused();
  } finally {
    await holder.end();
    await after.end();
  }
});

for (const [language, theme] of [["en", "dark"], ["zh", "light"]] as const) {
  test(`on a phone nothing is wider than the screen (${language}, ${theme})`, async ({ page, hub }) => {
    await hub.start();
    hub.agent("a-host-with-a-rather-long-name.eu-central-1.example.org").start();
    await page.addInitScript(([l, t]) => {
      localStorage.setItem("tailcast.language", l ?? "");
      localStorage.setItem("tailcast.theme", t ?? "");
    }, [language, theme]);
    await page.setViewportSize({ width: 375, height: 800 });
    const fits = async (): Promise<void> => {
      await expect(page.locator("tbody tr").first()).toBeVisible();
      expect(await page.locator("main").evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
    };
    await page.goto(all(hub));
    await expect(page.locator("td.host").getByText("a-host").first()).toBeVisible();
    await fits();
    await page.goto(all(hub, "?host=web1&show=connections"));
    await fits();
    await page.goto(all(hub, "?host=web1&show=limits"));
    await fits();
    await page.locator("section ol a").first().click();
    await unfold(page);
    await expect(page.locator("section ol").first()).toBeVisible();
    await fits();
  });
}

test("the sides of a host, and how many sockets are in which state, stay where they are whatever the numbers are", async ({ page, hub }) => {
  await hub.start();
  let states: Record<string, number> = { ESTABLISHED: 9, TIME_WAIT: 5, LISTEN: 3 };
  await page.route("**/hosts/*/sockets*", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), states } });
  });
  await page.goto(all(hub, "?host=web1&show=connections"));
  const [sides, names] = [page.getByRole("navigation", { name: "What of this host" }).getByRole("link"), page.locator("dl dt")];
  const stand = (all: Locator): Promise<[string | null, number][]> =>
    all.evaluateAll((each) => each.map((element) => [element.textContent, element.getBoundingClientRect().x]));
  await expect(names).toHaveText(["ESTABLISHED", "TIME_WAIT", "LISTEN", "UDP", "Unix"]);
  const [before, where] = [await stand(names), await stand(sides)];
  states = { ESTABLISHED: 12, TIME_WAIT: 88_000, LISTEN: 3_210_000 };
  await expect(page.getByText("3,210,000", { exact: true })).toBeVisible();
  expect(await stand(names)).toEqual(before);
  await sides.getByText("Limits", { exact: true }).click();
  await expect(page.getByRole("link", { name: "Limits", exact: true })).toHaveAttribute("aria-current", "page");
  expect(await stand(sides)).toEqual(where);
});

test("where a hub waits for connections is read in one line where there is room, and within a phone's width", async ({ page, hub }) => {
  await hub.start();
  await page.goto(all(hub, "?host=web1&show=limits"));
  const address = page.getByRole("region", { name: "Limits" }).locator(".address").first();
  await expect(address).toHaveText(/^127\.0\.0\.1:\d+$/);
  // The first one may be a short one; each has room for the longest of its kind.
  const lines = (text: string): Promise<number> =>
    address.evaluate((element, text) => {
      element.textContent = text;
      const range = document.createRange();
      range.selectNodeContents(element);
      return range.getClientRects().length;
    }, text);
  expect(await lines("255.255.255.255:65535")).toBe(1);
  await page.setViewportSize({ width: 390, height: 800 });
  await lines("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff%interface0]:65535");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});
