// How the list asks for the logs that are on the screen, and for no others: as one glob over their hosts and names. Pure.

import type { LogName } from "./shapes";
import { hostOf, nameOf } from "./tags";

/** More than fit on any screen. */
const MOST = 150;

/** A glob that these logs match, and as little else as can be; null for none. */
export function globOf(logs: readonly LogName[]): string | null {
  const some = logs.slice(0, MOST);
  if (some.length === 0) return null;
  return `${oneOf(some.map(hostOf))}:${oneOf(some.map(nameOf))}`;
}

function oneOf(names: readonly string[]): string {
  const each = [...new Set(names)].map((name) => name.replace(/[\\*?[\]{},!]/g, "\\$&"));
  return each.length === 1 ? (each[0] ?? "") : `{${each.join(",")}}`;
}
