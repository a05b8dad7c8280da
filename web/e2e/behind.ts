// A hub behind a real nginx, for each test one of its own, and somebody who has logged in through it: whoever is passed on is not local.

import type { Page } from "@playwright/test";
import { test as base, type Hub } from "./hub";
import { Nginx } from "./nginx";

const PASSWORD = "a password for the proxy";

export const test = base.extend<{ nginx: Nginx }>({
  // oxlint-disable-next-line no-empty-pattern
  nginx: async ({}, use) => {
    const nginx = new Nginx();
    await use(nginx);
    await nginx.end();
  },
});

/** Starts both, with these lines in the location block, and logs in. */
export async function begin(page: Page, hub: Hub, nginx: Nginx, lines: string): Promise<void> {
  hub.wantPassword("127.0.0.1", PASSWORD);
  await hub.start();
  await nginx.pass(hub.url, lines);
  await page.request.post(`${nginx.url}api/v1/login`, { data: { password: PASSWORD } });
}
