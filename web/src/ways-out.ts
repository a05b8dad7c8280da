// The ways to another limit, out of what a host lists: what has the same way are steps that are all needed; any one way is enough. Pure, but
// for the language. It refuses to guess for an older agent, which does not say what belongs together.

import { number } from "./digits";
import { m } from "./language";
import type { Remedy } from "./procshapes";

/** Each way with its steps, in the host's order. */
export function waysOf(remedies: readonly Remedy[]): Remedy[][] {
  const ways = new Map<number | null, Remedy[]>();
  for (const remedy of remedies) {
    const way = remedy.step?.way ?? null;
    ways.set(way, [...(ways.get(way) ?? []), remedy]);
  }
  return [...ways.values()];
}

/** For how long a way lasts and how far it goes; null where the host does not say. */
export function titleOf(steps: readonly Remedy[]): string | null {
  const step = steps[0]?.step;
  if (!step) return null;
  const title = Object.hasOwn(TITLES, step.lasts) ? TITLES[step.lasts] : undefined;
  return (title ?? m.procs_way_other)(number(step.reach));
}

const TITLES: Readonly<Record<string, (reach: string) => string>> = {
  until_it_ends: m.procs_way_until_it_ends,
  for_good: m.procs_way_for_good,
  for_good_if: m.procs_way_for_good_if,
  from_above: m.procs_way_above,
};
