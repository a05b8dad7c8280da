// Something on its way into a file of the reader's: the browser asks where to, or puts it where downloads go.

import { rawUrl } from "./api";
import type { LogName } from "./shapes";

/** `name`: what the file is to be called; the hub names what it sends itself. */
export function save(href: string, name = ""): void {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.download = name;
  anchor.click();
}

/** All of the file that a log is now, whatever of it is held here, past this page's memory. */
export function saveFile(log: LogName): void {
  save(rawUrl(log, null, null));
}
