// What the page and the processes around it hold, in bytes: the page after its garbage is collected, the processes as the kernel counts them.

import { readFileSync } from "node:fs";
import type { Browser, Page } from "@playwright/test";

/** What a page holds: bytes of its script's heap, and how many things of the document's. */
export interface Held {
  heap: number;
  nodes: number;
  listeners: number;
  documents: number;
}

/** What is still held when nothing more can be given back; a first collection may only show what a second one can take. */
export async function heldBy(page: Page): Promise<Held> {
  const cdp = await page.context().newCDPSession(page);
  for (let i = 0; i < 3; i++) await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners, documents } = await cdp.send("Memory.getDOMCounters");
  await cdp.detach();
  return { heap: usedSize, nodes, listeners: jsEventListeners, documents };
}

/** Resident bytes of a process; 0 where the system does not tell. */
export function residentOf(pid: number): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Resident bytes of the largest process of a browser that shows pages. */
export async function residentPage(browser: Browser): Promise<number> {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  await cdp.detach();
  return Math.max(0, ...processInfo.filter(({ type }) => type === "renderer").map(({ id }) => residentOf(id)));
}
