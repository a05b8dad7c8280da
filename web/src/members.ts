// Which logs a glob stands for now, as looks at the list tell it: who joins, who leaves, and how many do not fit.
// It stands between the list (`api.ts`) and a view that is open over globs (`members.svelte.ts` looks). Pure.
//
// A log that is missing from one look may be between two names, as at a rotation; it leaves when it is missing from two. A host that
// did not answer says nothing about its logs: they stay.

import type { LogName, LogsPage } from "./shapes";
import { hostOf } from "./tags";

/** The most logs in one view: what the hub follows for one viewer that comes again over plain HTTP. */
export const MAX_MEMBERS = 32;
/** Looks that a log may be missing from. */
const PATIENCE = 2;

export interface Membership {
  /** In the order in which they came, so that none changes its place. */
  readonly logs: readonly LogName[];
  /** How many match and cannot be read, or do not fit; at least, where the list goes on. */
  readonly over: number;
  readonly unreadable: number;
  /** Missing from so many looks. */
  readonly missed: ReadonlyMap<LogName, number>;
}

/** How many match; `more`: that many at least. */
export interface Total {
  readonly count: number;
  readonly more: boolean;
}

/** Of so many logs the view shows some, by pages that hold as many as the hub lists at once. */
export function counted(pages: readonly LogsPage[], named: readonly LogName[]): Total {
  const readable = pages.flatMap(({ logs }) => logs.flatMap(({ log, unreadable }) => (unreadable === null ? [log] : [])));
  return { count: new Set([...named, ...readable]).size, more: pages.some(({ next }) => next !== null) };
}

export const NOBODY: Membership = { logs: [], over: 0, unreadable: 0, missed: new Map() };

/** After one more look at each glob. `named`: logs that are looked at anyway and take room. */
export function lookedAt(before: Membership, pages: readonly LogsPage[], named: readonly LogName[]): Membership {
  const listed = pages.flatMap((page) => page.logs);
  const readable = new Set(listed.filter(({ unreadable }) => unreadable === null).map(({ log }) => log));
  const silent = new Set(pages.flatMap((page) => (page.missing ?? []).map(({ host }) => host)));
  const cutShort = pages.some((page) => page.next !== null);
  const missed = new Map<LogName, number>();
  const stay = before.logs.filter((log) => {
    // Beyond the first page of a long list nothing is known.
    if (readable.has(log) || silent.has(hostOf(log)) || cutShort) return true;
    const looks = (before.missed.get(log) ?? 0) + 1;
    if (looks < PATIENCE) missed.set(log, looks);
    return looks < PATIENCE;
  });
  const others = [...readable].filter((log) => !stay.includes(log) && !named.includes(log));
  const room = Math.max(0, MAX_MEMBERS - stay.length - named.length);
  const logs = [...stay, ...others.slice(0, room)];
  const unreadable = new Set(listed.filter((entry) => entry.unreadable !== null).map(({ log }) => log)).size;
  return { logs, over: Math.max(0, others.length - room), unreadable, missed };
}
