// What the page of processes shows, as its address: `/processes?host=NAME&q=…&sort=cpu&reverse&writes=HOST:NAME`, of one host also
// `&show=connections` or `&show=limits`, and one process in full with `&pid=NUMBER`. Pure; `address.ts` hands on to here.

import type { Pair } from "./address";

/** By what the table may be sorted: words of the API, and of the address. */
export const SORTS = ["percent", "fds", "slope", "left", "cpu", "memory", "threads", "started", "name", "pid", "user", "unit"] as const;
export type Sort = (typeof SORTS)[number];
/** What of a host is shown. */
export const SIDES = ["list", "connections", "limits"] as const;
export type Side = (typeof SIDES)[number];

export interface ProcessesAddress {
  page: "processes";
  /** Empty for all. */
  host: string;
  /** One process of `host` in full. */
  pid: number | null;
  show: Side;
  /** Words that must all be there. */
  q: string;
  sort: Sort;
  reverse: boolean;
  /** Only who writes this log: HOST:NAME; empty for all. */
  writes: string;
}

export const PROCESSES: ProcessesAddress = { page: "processes", host: "", pid: null, show: "list", q: "", sort: "percent", reverse: false, writes: "" };

export function parseProcesses(params: URLSearchParams): ProcessesAddress {
  const host = params.get("host") ?? "";
  const sort = SORTS.find((each) => each === params.get("sort")) ?? PROCESSES.sort;
  const show = SIDES.find((each) => each === params.get("show") && host !== "") ?? PROCESSES.show;
  const pid = /^\d{1,10}$/.exec(params.get("pid") ?? "")?.[0];
  return {
    page: "processes",
    host,
    pid: pid === undefined || host === "" ? null : Number(pid),
    show,
    q: params.get("q") ?? "",
    sort,
    reverse: params.has("reverse"),
    writes: params.get("writes") ?? "",
  };
}

export function processesPairs({ host, pid, show, q, sort, reverse, writes }: ProcessesAddress): Pair[] {
  const pairs: [string, string][] = [
    ["host", host],
    ["pid", pid === null ? "" : String(pid)],
    ["show", show === PROCESSES.show ? "" : show],
    ["writes", writes],
    ["q", q],
    ["sort", sort === PROCESSES.sort ? "" : sort],
  ];
  return [...pairs.filter(([, value]) => value !== ""), ...(reverse ? [["reverse", null] as Pair] : [])];
}

/** Whether the least comes first, when it is not turned round. */
export function isRising(sort: Sort): boolean {
  return RISING.has(sort);
}

const RISING: ReadonlySet<Sort> = new Set(["left", "name", "pid", "user", "unit"]);
