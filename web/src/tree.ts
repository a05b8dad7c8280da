// The logs of all hosts as a tree: host, folders, files. Folders with nothing in them but one folder are one row; files that a log was
// rotated into belong to it. Pure; what is open, and what of it is on the screen, is `LogTree.svelte`'s.
//
// The hub lists names in the order of their bytes, so that what is in one folder stands together, and the tree keeps that order.

import type { LogName } from "./shapes";
import { hostOf, nameOf } from "./tags";

export interface Folder {
  readonly kind: "host" | "folder";
  /** Of a host its name and a colon; of a folder the beginning of its logs' names, with the slash. */
  readonly id: string;
  readonly words: string;
  readonly inside: readonly Node[];
  /** Logs in it, all the way down. */
  readonly count: number;
}
export interface Leaf {
  readonly kind: "log";
  readonly id: LogName;
  readonly words: string;
  /** What it was rotated into, newest first. */
  readonly older: readonly LogName[];
}
export type Node = Folder | Leaf;

export interface TreeRow {
  readonly id: string;
  readonly kind: "host" | "folder" | "log" | "older";
  readonly words: string;
  /** From 1 on. */
  readonly level: number;
  /** Null where there is nothing to open. */
  readonly open: boolean | null;
  /** Logs inside. */
  readonly count: number;
  /** Its place among its siblings, from 1 on, and how many they are. */
  readonly place: number;
  readonly of: number;
}

/** What logrotate, log4j and others put behind a name. */
const ROTATED = /^(?:[.-]\d{1,4}|[.-]\d{4}-?\d{2}-?\d{2}(?:[-_.T]?\d+)*|[.-]old|[.-]\d{8,14})(?:\.\d{1,4})?$/;

/** A tree of these logs; hosts without any are in it, too. */
export function treeOf(logs: readonly LogName[], hosts: readonly string[]): readonly Folder[] {
  const byHost = new Map<string, LogName[]>(hosts.map((host) => [host, []]));
  for (const log of logs) {
    const host = hostOf(log);
    const held = byHost.get(host);
    if (held) held.push(log);
    else byHost.set(host, [log]);
  }
  const names = [...byHost.keys()].toSorted();
  return names.map((host) => folderOf("host", `${host}:`, host, byHost.get(host) ?? []));
}

function folderOf(kind: Folder["kind"], id: string, words: string, logs: readonly LogName[]): Folder {
  return { kind, id, words, inside: insideOf(id, logs), count: logs.length };
}

/** What lies directly below a beginning that all of them have. */
function insideOf(begin: string, logs: readonly LogName[]): Node[] {
  const nodes: Node[] = [];
  const files: LogName[] = [];
  for (let at = 0; at < logs.length; ) {
    const log = logs[at] ?? "";
    const slash = log.indexOf("/", begin.length + (log[begin.length] === "/" ? 1 : 0));
    if (slash < 0) {
      files.push(log);
      nodes.push({ kind: "log", id: log, words: log.slice(begin.length), older: [] });
      at++;
      continue;
    }
    const id = log.slice(0, slash + 1);
    let to = at;
    while (to < logs.length && (logs[to] ?? "").startsWith(id)) to++;
    nodes.push(compact(folderOf("folder", id, log.slice(begin.length, slash), logs.slice(at, to))));
    at = to;
  }
  return withFamilies(nodes, files);
}

function compact(folder: Folder): Folder {
  const [only] = folder.inside;
  if (folder.inside.length !== 1 || only?.kind !== "folder") return folder;
  return { ...only, words: `${folder.words}/${only.words}` };
}

/** Takes the rotated files out of their row and gives them to their log. */
function withFamilies(nodes: readonly Node[], files: readonly LogName[]): Node[] {
  const there = new Set(files);
  const older = new Map<LogName, LogName[]>();
  for (const file of files) {
    const log = familyOf(file, there);
    if (log !== null) older.set(log, [...(older.get(log) ?? []), file]);
  }
  const taken = new Set([...older.values()].flat());
  const newest = (names: readonly LogName[]): LogName[] => names.toSorted(byAge);
  return nodes.filter(({ id }) => !taken.has(id)).map((node) => (node.kind === "log" ? { ...node, older: newest(older.get(node.id) ?? []) } : node));
}

/** The log that a file was rotated from, if that is there. */
function familyOf(file: LogName, there: ReadonlySet<LogName>): LogName | null {
  // What is pushed has its older segments out of sight: a name like build-20261120 is a log of its own.
  if (nameOf(file).startsWith("push/")) return null;
  const start = file.lastIndexOf("/") + 1;
  for (let at = file.length - 1; at > start; at--) {
    if (file[at] !== "." && file[at] !== "-") continue;
    const log = file.slice(0, at);
    if (there.has(log) && ROTATED.test(file.slice(at))) return log;
  }
  return null;
}

/** Numbers count up with age, dates count down. */
function byAge(a: LogName, b: LogName): number {
  const [x, y] = [a, b].map((name) => /[.-](\d{1,4})$/.exec(name)?.[1]);
  return x !== undefined && y !== undefined ? Number(x) - Number(y) : b < a ? -1 : 1;
}

/** The rows to see, with what is open. */
export function rowsOf(nodes: readonly Node[], isOpen: (id: string, kind: TreeRow["kind"], alone: boolean) => boolean, level = 1): TreeRow[] {
  return nodes.flatMap((node, i): TreeRow[] => {
    const { id, kind, words } = node;
    const leads = node.kind === "log" ? node.older.length : node.inside.length;
    const open = leads === 0 ? null : isOpen(id, kind, nodes.length === 1);
    const row: TreeRow = { id, kind, words, level, open, count: node.kind === "log" ? leads : node.count, place: i + 1, of: nodes.length };
    if (open !== true) return [row];
    return [row, ...(node.kind === "log" ? olderRows(node, level + 1) : rowsOf(node.inside, isOpen, level + 1))];
  });
}

function olderRows(leaf: Leaf, level: number): TreeRow[] {
  return leaf.older.map((log, i) => ({
    id: log,
    kind: "older",
    words: nameOf(log).slice(nameOf(log).lastIndexOf("/") + 1),
    level,
    open: null,
    count: 0,
    place: i + 1,
    of: leaf.older.length,
  }));
}
