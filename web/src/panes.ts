// Several logs in panes: what each pane shows as an address of its own, and what a change in one means for the whole. Pure.
//
// One filter is for all panes, until it is changed in one; that one keeps its own until it is the same again.

import type { Filter, ViewAddress } from "./address";
import type { LogName } from "./shapes";

/** More panes than this are too narrow to read a line in. */
export const MAX_PANES = 4;

export function inPanes(address: ViewAddress, logs: readonly LogName[]): boolean {
  return address.layout !== "merged" && logs.length >= 2 && logs.length <= MAX_PANES;
}

/** The log that a line in the address is in. */
export function logOf(address: ViewAddress, logs: readonly LogName[]): LogName | null {
  return address.at === null ? null : (address.in ?? logs[0] ?? null);
}

/** The log that the line on top of the screen is in. */
function topOf(address: ViewAddress, logs: readonly LogName[]): LogName | null {
  return address.top === null ? null : (address.of ?? logs[0] ?? null);
}

/** What one pane shows. */
export function paneOf(whole: ViewAddress, logs: readonly LogName[], log: LogName): ViewAddress {
  const here = logOf(whole, logs) === log;
  return {
    ...whole,
    logs: [log],
    matches: [],
    muted: [],
    at: here ? whole.at : null,
    in: here ? log : null,
    ...(topOf(whole, logs) === log ? { top: whole.top, of: log } : { top: null, of: null }),
    filter: whole.own.get(log) ?? whole.filter,
  };
}

/** The whole, after a pane's address has become another. */
export function withPane(whole: ViewAddress, log: LogName, pane: ViewAddress): ViewAddress {
  const own = new Map(whole.own);
  if (sameFilter(pane.filter, whole.filter)) own.delete(log);
  else own.set(log, pane.filter);
  const left = pane.at === null && whole.in !== null && whole.in !== log;
  const top = pane.top !== null ? { top: pane.top, of: log } : topOf(whole, whole.logs) === log ? { top: null, of: null } : { top: whole.top, of: whole.of };
  return { ...whole, own, lit: pane.lit, ...top, at: left ? whole.at : pane.at, in: left ? whole.in : pane.at === null ? null : log };
}

/** Another filter for all panes but those that have their own. */
export function sameFilter(a: Filter, b: Filter): boolean {
  return JSON.stringify([a.grep, a.exclude, a.ignoreCase, a.level]) === JSON.stringify([b.grep, b.exclude, b.ignoreCase, b.level]);
}

/** Shares of the room after the border between two neighbours was moved by `share` of the whole; none gets less than a tenth. */
export function resized(shares: readonly number[], border: number, share: number): number[] {
  const [before, after] = [shares[border] ?? 0, shares[border + 1] ?? 0];
  const least = Math.min(0.1, before, after);
  const moved = Math.max(least - before, Math.min(after - least, share));
  return shares.map((each, i) => (i === border ? before + moved : i === border + 1 ? after - moved : each));
}
