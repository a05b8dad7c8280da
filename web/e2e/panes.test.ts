// Several logs side by side.

import { expect } from "@playwright/test";
import { test } from "./hub";

const at = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString();

test("panes that are to show the same time go at once to where somebody reads", async ({ page, hub }) => {
  for (const name of ["a", "b"]) hub.append(`${name}.log`, Array.from({ length: 5000 }, (_, i) => `${at(i)} ${name} ${i}\n`).join(""));
  await hub.start();
  await page.goto(`${hub.url}logs?log=${hub.log("a.log")}&log=${hub.log("b.log")}&panes=columns`);
  await expect(page.getByText(/ b 4999$/)).toBeInViewport();
  await page.getByText(/ a 4990$/).click();
  await page.keyboard.press("g");
  await expect(page.getByText(/ a 0$/)).toBeInViewport();
  await page.getByRole("button", { name: "Same time" }).click();
  await expect(page.getByText(/ b 0$/)).toBeInViewport();
  await expect(page.getByText(/ a 0$/)).toBeInViewport();
});
