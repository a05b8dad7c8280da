// What the page shows, as its address: every state that one would send to a colleague, and nothing else.
// Pure; the one place where addresses are read and written. `navigation.svelte.ts` moves between them.
//
// `/logs?log=HOST:NAME&log=…&match=GLOB&at=POSITION&in=HOST:NAME&top=POSITION&of=HOST:NAME&grep=…&exclude=…&i&level=…&lit=…&mute=HOST:NAME&panes=columns&sync&wall
// &own=HOST:NAME&grep=…`: logs and globs over them, a line (in the first log, or the one that `in` names), the one on top of the
// screen (`of`), a filter for all, what is
// highlighted, logs that are left out for a while, how they lie (merged into one, or in panes), and whether it is for a wall. Words of a filter behind `own` are for that pane alone.
// `/hub`: the hub itself; `/processes…`: see `procaddress.ts`. `/hosts?q=…&match=…&label=KEY=VALUE`: the list. Parameters that it does not know are refused silently: an older
// page may get a newer link.

import { MOST_LIT } from "./highlights";
import { parseProcesses, processesPairs, type ProcessesAddress } from "./procaddress";
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
  /** `KEY=VALUE` of hosts; all must be there. */
  labels: string[];
}
/** How several logs are looked at: as one, beside each other, or one below the other. */
export const LAYOUTS = ["merged", "columns", "rows"] as const;
export type Layout = (typeof LAYOUTS)[number];

export interface ViewAddress {
  page: "view";
  /** One at least, or a glob. */
  logs: LogName[];
  /** Globs over `HOST:NAME`: whatever matches while the view is open is looked at, too. */
  matches: string[];
  /** Where the line starts that the link points to, in the log `in`. */
  at: Position | null;
  /** Null for the first log. */
  in: LogName | null;
  /** Where the line starts that is on top of the screen, in the log `of`; null where one follows, or the line `at` is seen: `standpoint.ts`. */
  top: Position | null;
  /** Null for the first log. */
  of: LogName | null;
  filter: Filter;
  /** Patterns whose matches are highlighted, each in a colour of its own: see `highlights.ts`. */
  lit: readonly string[];
  muted: LogName[];
  layout: Layout;
  /** In panes: when one goes to a line, the others go to the same time. */
  sync: boolean;
  /** For a screen on a wall: larger, and nothing to press. */
  wall: boolean;
  /** Filters that were changed in one pane, and so are no longer that of all. */
  own: ReadonlyMap<LogName, Filter>;
}

export interface HubAddress {
  page: "hub";
}
export type Address = ListAddress | ViewAddress | ProcessesAddress | HubAddress;

export const NO_FILTER: Filter = { grep: [], exclude: [], ignoreCase: false, level: null };
export const HUB: HubAddress = { page: "hub" };
export const START: ListAddress = { page: "list", q: "", match: "", labels: [] };

const PLAIN = { page: "view", matches: [], lit: [], at: null, in: null, top: null, of: null, muted: [], layout: "merged", sync: false, wall: false, own: new Map() } as const;

export function viewOf(logs: LogName[], filter: Filter = NO_FILTER): ViewAddress {
  return { ...PLAIN, matches: [], muted: [], logs, filter };
}

/** All that match a glob, also those that are still to come. */
export function viewMatching(glob: string): ViewAddress {
  return { ...viewOf([]), matches: [glob] };
}

/** The same without one of its logs; `all`: what is looked at, logs that match a glob included. With the last other log to be heard a mute ends. */
export function withoutLog(view: ViewAddress, log: LogName, all: readonly LogName[]): ViewAddress {
  const left = all.filter((each) => each !== log);
  const muted = view.muted.filter((each) => left.includes(each));
  return { ...view, logs: view.logs.filter((each) => each !== log), muted: left.every((each) => muted.includes(each)) ? [] : muted };
}

/** Reads an address below `base` (a path that ends with a slash). What it cannot place is the list. */
export function parseAddress(url: URL, base: string): Address {
  const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : "";
  const params = url.searchParams;
  if (path === "logs" && (some(params, "log").length > 0 || some(params, "match").length > 0)) return parseView(params);
  if (path === "hub") return HUB;
  if (path === "processes") return parseProcesses(params);
  return { page: "list", q: params.get("q") ?? "", match: params.get("match") ?? "", labels: some(params, "label") };
}

const PLACES: ReadonlySet<string> = new Set(["", "hosts", "hub", "logs", "processes"]);

/** Whether there is no such page: what is shown there is the list. */
export function isElsewhere(url: URL, base: string): boolean {
  return !url.pathname.startsWith(base) || !PLACES.has(url.pathname.slice(base.length));
}

function parseView(params: URLSearchParams): ViewAddress {
  const [shared, ...owned] = divide(params);
  const layout = params.get("panes");
  const [logs, matches] = [some(params, "log"), some(params, "match")];
  return {
    page: "view",
    logs,
    matches,
    at: params.get("at"),
    in: params.get("in"),
    top: params.get("top"),
    of: params.get("of"),
    filter: parseFilter(shared ?? params),
    lit: some(params, "lit").slice(0, MOST_LIT),
    // Of a log that is alone nothing is left out: there would be nothing else, and no legend to take that back.
    muted: logs.length > 1 || matches.length > 0 ? some(params, "mute") : [],
    layout: LAYOUTS.find((each) => each === layout) ?? (params.has("panes") ? "columns" : "merged"),
    sync: params.has("sync"),
    wall: params.has("wall"),
    own: new Map(owned.map((part) => [part.get("own") ?? "", parseFilter(part)])),
  };
}

/** The values of a parameter, each once, without empty ones. */
function some(params: URLSearchParams, name: string): string[] {
  return [...new Set(params.getAll(name))].filter((value) => value !== "");
}

/** What stands before the first `own`, and from each one on. */
function divide(params: URLSearchParams): URLSearchParams[] {
  const parts = [new URLSearchParams()];
  for (const [name, value] of params) {
    if (name === "own") parts.push(new URLSearchParams());
    parts.at(-1)?.append(name, value);
  }
  return parts;
}

/** Writes an address, relative to the base. */
export function formatAddress(address: Address): string {
  if (address.page === "view") return `logs?${formatQuery(viewPairs(address))}`;
  if (address.page === "hub") return "hub";
  if (address.page === "processes") return below("processes", processesPairs(address));
  const labels = address.labels.map((label): Pair => ["label", label]);
  const pairs = [["match", address.match] as Pair, ["q", address.q] as Pair, ...labels].filter(([, value]) => value !== "");
  return below("hosts", pairs);
}

function below(path: string, pairs: readonly Pair[]): string {
  return pairs.length === 0 ? path : `${path}?${formatQuery(pairs)}`;
}

function viewPairs(view: ViewAddress): Pair[] {
  const each = (name: string, values: readonly string[]): Pair[] => values.map((value): Pair => [name, value]);
  const at = view.at === null ? [] : each("at", [view.at]);
  return [
    ...each("log", view.logs),
    ...each("match", view.matches),
    ...at,
    ...(view.at !== null && view.in !== null && view.in !== view.logs[0] ? each("in", [view.in]) : []),
    ...(view.top === null ? [] : each("top", [view.top])),
    ...(view.top !== null && view.of !== null && view.of !== view.logs[0] ? each("of", [view.of]) : []),
    ...filterPairs(view.filter),
    ...each("lit", view.lit),
    ...each("mute", view.muted),
    ...(view.layout === "merged" ? [] : each("panes", [view.layout])),
    ...(view.sync ? [["sync", null] as Pair] : []),
    ...(view.wall ? [["wall", null] as Pair] : []),
    ...[...view.own].flatMap(([log, filter]) => [["own", log] as Pair, ...filterPairs(filter)]),
  ];
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
    grep: some(params, "grep"),
    exclude: some(params, "exclude"),
    ignoreCase: params.has("i"),
    level: LEVELS.find((each) => each === level) ?? null,
  };
}
