// What somebody is about to press on the page of processes, while the processes change under it: real processes, told by signals to change.

import { spawnSync } from "node:child_process";
import { createServer, type AddressInfo, type Server } from "node:net";
import { expect, type Locator, type Page } from "@playwright/test";
import { test } from "./hub";
import { shell } from "./neighbours";

/** Holds two connections to the first port as 5 and 6; at USR2 it closes what is below them, and at USR1 its 6 is one to the other port. */
const CHANGING = `
exec 4</dev/null 5<>/dev/tcp/127.0.0.1/$0 6<>/dev/tcp/127.0.0.1/$0 9<> <(:)
trap 'exec 4<&-' USR2
trap 'exec 6<&- 6<>/dev/tcp/127.0.0.1/'$1 USR1
echo ready
while :; do read -t 0.1 -u 9; done`;

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Of a single file. */
function row(page: Page, fd: number): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("cell", { name: String(fd), exact: true }) });
}

test("the command that ends a connection is that of the one it was asked for, also when another has its descriptor; the focus stays with its file", async ({ page, hub }) => {
  await hub.start();
  const [one, other] = [await listening(), await listening()];
  const changing = await shell('exec bash -c "$@"', CHANGING, String(one.port), String(other.port));
  try {
    await page.goto(`${hub.url}processes?host=web1&pid=${changing.pid}`);
    await page.getByText("Single files").click();
    await expect(row(page, 4)).toBeVisible();
    const button = row(page, 6).getByRole("button", { name: "Command that ends it" });
    await button.focus();
    await page.keyboard.press("Enter");
    await expect(row(page, 6).getByText(new RegExp(`^ss -Kt .* dport = ${one.port}$`))).toBeVisible();
    process.kill(changing.pid, "SIGUSR2");
    await expect(row(page, 4)).toHaveCount(0);
    await expect(button).toBeFocused();
    process.kill(changing.pid, "SIGUSR1");
    await expect(row(page, 6)).toContainText(`→ 127.0.0.1:${other.port}`);
    await expect(page.getByText("ss -Kt")).toHaveCount(0);
    await expect(button).toBeFocused();
  } finally {
    await changing.end();
    for (const { server } of [one, other]) server.close();
  }
});

test("that a command was copied is said of that command, and not of the one that comes in its place", async ({ page, hub, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await hub.start();
  const holder = await shell("ulimit -Sn 200; echo ready; exec sleep 600");
  try {
    const raise = page.getByRole("button", { name: `Copy: prlimit --pid ${holder.pid} ` });
    await page.goto(`${hub.url}processes?host=web1&pid=${holder.pid}`);
    await raise.click();
    await expect(page.getByText("Copied", { exact: true })).toBeVisible();
    // The hard limit comes down: what would raise it to that is another command.
    const { status } = spawnSync("prlimit", ["--pid", String(holder.pid), "--nofile=200:300"]);
    expect(status).toBe(0);
    await expect(page.getByRole("button", { name: `Copy: prlimit --pid ${holder.pid} --nofile=300:300` })).toBeVisible();
    await expect(page.getByText("Copied", { exact: true })).toHaveCount(0);
  } finally {
    await holder.end();
  }
});

test("a process is not said to have ended when a hub that was started anew does not know its host yet", async ({ page, hub }) => {
  await hub.start();
  const db = hub.agent("db1");
  db.start();
  await hub.has(db);
  const holder = await shell("echo ready; exec sleep 600");
  try {
    await page.goto(`${hub.url}processes?host=db1&pid=${holder.pid}`);
    await expect(page.getByText("Single files")).toBeVisible();
    db.signal("SIGSTOP");
    await hub.kill();
    await hub.start();
    await expect(page.getByRole("alert")).toContainText(/db1.* What is shown is from/);
    await expect(page.getByRole("alert")).not.toContainText("has ended");
    db.signal("SIGCONT");
    await expect(page.getByRole("alert")).toHaveCount(0);
    await holder.end();
    await expect(page.getByRole("alert")).toHaveText("This process has ended. What is shown is how it was last seen.");
  } finally {
    await holder.end();
  }
});

test("a row that is pointed at stays under the pointer when something is wrong that was not, and is read when the pointer leaves", async ({ page, hub }) => {
  await hub.start();
  // Nothing that happens on this machine beside the test is of this one.
  const found: unknown[] = [];
  await page.route("**/api/v1/processes?*", async (route) => {
    const answer = await route.fetch();
    const said = (await answer.json()) as { processes: object[] };
    const wrong = { pattern: "at_limit", cause: null, words: "", advice: "", peer: null, per_minute: null, minutes: null, seconds_left: 0, share: null };
    const rows = said.processes.slice(0, 1).map((row) => ({ ...row, findings: [wrong] }));
    await route.fulfill({ response: answer, json: { ...said, found: found.length > 0 ? rows : [] } });
  });
  await page.goto(`${hub.url}processes?sort=pid`);
  const third = page.locator("tbody tr").nth(2);
  await third.hover();
  const stands = async (): Promise<number | undefined> => (await third.boundingBox())?.y;
  const before = await stands();
  found.push("one");
  await expect(page.getByText("At its limit")).toBeAttached();
  expect(await stands()).toBe(before);
  await page.mouse.move(5, 5);
  await expect.poll(stands).toBeGreaterThan(before ?? 0);
  await expect(page.getByText("Nothing more can be opened")).toBeInViewport({ ratio: 1 });
});

test("a command to be copied has nothing in it that is not seen, whatever a host says", async ({ page, hub }) => {
  await hub.start();
  const one = await listening();
  const changing = await shell('exec bash -c "$@"', CHANGING, String(one.port), String(one.port));
  // A host in which somebody else is at home says what he likes.
  await page.route("**/processes/*", async (route) => {
    const answer = await route.fetch();
    const said = await answer.text();
    await route.fulfill({ response: answer, body: said.replaceAll('"ss -Kt ', '"ss -Kt \\u202e\\n').replaceAll('"tcp"', '"tcp\\u202e"') });
  });
  try {
    await page.goto(`${hub.url}processes?host=web1&pid=${changing.pid}`);
    await page.getByText("Single files").click();
    await expect(row(page, 6)).toContainText("tcp\\u{202e} 127.0.0.1:");
    await row(page, 6).getByRole("button", { name: "Command that ends it" }).click();
    await expect(row(page, 6).locator("code")).toHaveText(/^ss -Kt \\u\{202e\}\\x0asrc /);
  } finally {
    await changing.end();
    one.server.close();
  }
});

test("how many processes there are is read aloud to who looks for some, and not each time that it changes", async ({ page, hub }) => {
  await hub.start();
  await page.goto(`${hub.url}processes`);
  const count = page.getByTestId("count");
  await expect(count).toHaveText(/processes on 1 host$/);
  await expect(count).toHaveAttribute("aria-live", "off");
  await page.keyboard.press("/");
  await expect(count).toHaveAttribute("aria-live", "polite");
  await page.keyboard.press("Escape");
  await expect(count).toHaveAttribute("aria-live", "off");
});
