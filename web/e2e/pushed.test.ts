// Lines that are pushed to the hub: found in the list, live while they come, linked like those of a file.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "@playwright/test";
import { isLive, range, rowOf, showsExactly, test } from "./hub";
import { BIN, env } from "./program";

function lines(from: number, to: number): string {
  return range(from, to)
    .map((n) => `line ${n}\n`)
    .join("");
}

test("what a program pushes is found in the list, seen as it comes, and can be linked to", async ({ page, hub }) => {
  await hub.start();
  const pusher = spawn(BIN, ["push", "ci:build-42", "--hub", hub.url], { env, stdio: ["pipe", "ignore", "pipe"] });
  const end = once(pusher, "close");
  pusher.stdin.write(lines(0, 5));
  await page.goto(`${hub.url}hosts`);
  await page.getByRole("link", { name: /build-42$/ }).click();
  await isLive(page);
  await showsExactly(page, 0, 5);
  pusher.stdin.write(lines(5, 10));
  await showsExactly(page, 0, 10);
  await hub.kill();
  pusher.stdin.write(lines(10, 15));
  await hub.start();
  await showsExactly(page, 0, 15);
  pusher.stdin.end();
  expect(await end).toEqual([0, null]);
  await expect(page).toHaveURL(/log=ci:push\/build-42/);
  await page.reload();
  await expect(rowOf(page, /^line 14$/)).toBeVisible();
});

test("a token to push with is made on the page with its command, and listed with what it is for", async ({ page, hub }) => {
  await hub.start();
  await page.goto(`${hub.url}hub`);
  await page.getByLabel("a program, to push lines").check();
  await page.getByLabel("To logs called").fill("ci:* jobs:import-*");
  await page.getByRole("button", { name: "Make token" }).click();
  const fresh = page.getByRole("group", { name: "The token push-1 is made." });
  await expect(fresh).toContainText("tailcast push ci:build-1");
  await expect(page.getByRole("cell", { name: "pushes to ci:* jobs:import-*" })).toBeVisible();
});
