// What the page shows, as its address: every state that one would send to a colleague, and nothing else.
// Pure; the one place where addresses are read and written. `navigation.svelte.ts` moves between them.
//
// `/logs?log=HOST:NAME&log=…&at=POSITION&grep=…&exclude=…&i&level=…`: a set of logs, a line in the first of them, a filter.
// `/hosts?q=…&match=…`: the list. Parameters that it does not know are refused silently: an older page may get a newer link.

import { LEVELS, type Level, type LogName, type Position } from "./shapes";

/** Which lines are wanted. Patterns are the hub's regular expressions; all of `grep` and none of `exclude` must match. */
export interface Filter {
  grep: string[];
  exclude: string[];
  ignoreCase: boolean;
  /** The least urgent level that passes. */
  level: Level | null;
}

export interface ListAddress {
  page: "list";
  /** Part of a log's name. */
  q: string;
  /** A glob over `HOST:NAME`; empty for all. */
  match: string;
}
export interface ViewAddress {
  page: "view";
  /** At least one. */
  logs: LogName[];
  /** Where the line starts that the link points to, in the first of the logs. */
  at: Position | null;
  filter: Filter;
}
export type Address = ListAddress | ViewAddress;

export const NO_FILTER: Filter = { grep: [], exclude: [], ignoreCase: false, level: null };
export const START: ListAddress = { page: "list", q: "", match: "" };

export function viewOf(logs: LogName[], filter: Filter = NO_FILTER): ViewAddress {
  return { page: "view", logs, at: null, filter };
}

/** Reads an address below `base` (a path that ends with a slash). What it cannot place is the list. */
export function parseAddress(url: URL, base: string): Address {
  const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : "";
  const params = url.searchParams;
  const logs = params.getAll("log").filter((log) => log !== "");
  if (path === "logs" && logs.length > 0) {
    return { page: "view", logs: [...new Set(logs)], at: params.get("at"), filter: parseFilter(params) };
  }
  return { page: "list", q: params.get("q") ?? "", match: params.get("match") ?? "" };
}

/** Writes an address, relative to the base. */
export function formatAddress(address: Address): string {
  if (address.page === "view") {
    const at: Pair[] = address.at === null ? [] : [["at", address.at]];
    const logs = address.logs.map((log): Pair => ["log", log]);
    return `logs?${formatQuery([...logs, ...at, ...filterPairs(address.filter)])}`;
  }
  const pairs = [["match", address.match] as Pair, ["q", address.q] as Pair].filter(([, value]) => value !== "");
  return pairs.length === 0 ? "hosts" : `hosts?${formatQuery(pairs)}`;
}

export function isEmpty(filter: Filter): boolean {
  return filter.grep.length === 0 && filter.exclude.length === 0 && filter.level === null;
}

/** A parameter; one whose value is null stands alone (`i`). */
export type Pair = [name: string, value: string | null];

/** A filter in the words of the API, which are also those of the address. */
export function filterPairs(filter: Filter): Pair[] {
  return [
    ...filter.grep.map((pattern): Pair => ["grep", pattern]),
    ...filter.exclude.map((pattern): Pair => ["exclude", pattern]),
    ...(filter.ignoreCase ? [["i", null] as Pair] : []),
    ...(filter.level ? [["level", filter.level] as Pair] : []),
  ];
}

/** Joins parameters. Slashes, colons and commas stay as they are: people read and type these addresses. */
export function formatQuery(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => (value === null ? name : `${name}=${escape(value)}`)).join("&");
}

function escape(value: string): string {
  return encodeURIComponent(value).replace(/%(2F|3A|2C|40)/g, (code) => decodeURIComponent(code));
}

function parseFilter(params: URLSearchParams): Filter {
  const level = params.get("level");
  return {
    grep: params.getAll("grep").filter((pattern) => pattern !== ""),
    exclude: params.getAll("exclude").filter((pattern) => pattern !== ""),
    ignoreCase: params.has("i"),
    level: LEVELS.find((each) => each === level) ?? null,
  };
}
