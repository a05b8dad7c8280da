// What an address names that cannot be looked at, in words. Pure, but for the language.

import type { ViewAddress } from "./address";
import { m } from "./language";
import { beginning, visible } from "./text";

/** Letters of a name that help to know it again. */
const LONG = 200;

/** `text`: what stands there for a log or, among the globs, for a glob. */
export function wrong(text: string, { logs }: Pick<ViewAddress, "logs">): string {
  const start = beginning(text, LONG);
  const known = visible(start.length < text.length ? `${start}…` : text);
  return logs.includes(text) ? m.view_no_name(known) : `${known}: ${m.glob_unfinished}`;
}
