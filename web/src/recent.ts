// What was looked at lately on this browser: addresses of views, newest first, bounded in number and length. Nothing of what was in them.

import { formatAddress, parseAddress, type ViewAddress } from "./address";
import { LIVE } from "./standpoint";

const KEY = "tailcast.recent";
const MOST = 20;
/** An address longer than this is not kept, in characters. */
const LONG = 2000;

/** The list after one more. The same logs with another filter, place or layout are the same view, and its newest address stays. */
export function withView(before: readonly string[], address: ViewAddress): string[] {
  const written = formatAddress({ ...address, ...LIVE });
  if (written.length > LONG) return [...before];
  const same = whatOf(address);
  const others = before.filter((each) => {
    const view = viewOf(each);
    return view !== null && whatOf(view) !== same;
  });
  return [written, ...others].slice(0, MOST);
}

/** Reads one again; what is none is null. */
export function viewOf(written: string): ViewAddress | null {
  const address = parseAddress(new URL(written, "http://hub/"), "/");
  return address.page === "view" ? address : null;
}

function whatOf({ logs, matches }: ViewAddress): string {
  return JSON.stringify([logs.toSorted(), matches]);
}

/** What is stored; anything else than a list of texts is none. */
export function parseRecent(stored: string | null): string[] {
  try {
    const value: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function recentViews(): ViewAddress[] {
  return parseRecent(localStorage.getItem(KEY)).flatMap((each) => viewOf(each) ?? []);
}

export function remember(address: ViewAddress): void {
  localStorage.setItem(KEY, JSON.stringify(withView(parseRecent(localStorage.getItem(KEY)), address)));
}

/** Who leaves, leaves nothing behind. */
export function forget(): void {
  localStorage.removeItem(KEY);
}
