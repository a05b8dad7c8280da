// Names of hosts in a sentence: a few of them, and how many more there are. Pure, but for the language.

import { m } from "./language";
import { visible } from "./text";

/** Names that are read in one line. */
const FEW = 5;

export function named(names: readonly string[]): string {
  const first = names.slice(0, FEW).map(visible).join(", ");
  return names.length > FEW ? m.procs_and_more(first, names.length - FEW) : first;
}
