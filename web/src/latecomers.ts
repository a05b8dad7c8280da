// Hosts that live and take long to list their logs, as over a network disk that hangs: they are asked by themselves, and as long as that
// takes, while the list shows what the others have. What such a host said last stands until it says something else. Between the hub and
// the list (`catalogue.svelte.ts`). One question is on its way at a time: a browser has few connections.

import { fetchLogs } from "./api";
import { hubWords } from "./hubwords";
import type { LogEntry, LogsPage } from "./shapes";
import { hostOf } from "./tags";

/** Why a host is missing that is to be asked by itself. */
export const NOT_YET = "not_yet";
const PAGE = 5000;
/** Seconds that whoever asks all hosts waits for each of them. */
export const WITHIN_S = 2;
/** Hosts that are asked with one question: their names stand in its address. */
const AT_ONCE = 100;

/** What a host has said in the end: its logs, or why there are none. */
type Late = { logs: readonly LogEntry[]; silent: string | null };

export class Latecomers {
  #late: ReadonlyMap<string, Late> = new Map();
  #hosts: readonly string[] = [];
  #asks = false;

  /** `most`: logs that are held of all of them together; `names`: which of their logs, as a glob over NAME. */
  constructor(
    private readonly most: number,
    private readonly came: () => void,
    private readonly names = "*",
  ) {}

  /** Their logs, as far as they are known. */
  get logs(): LogEntry[] {
    return [...this.#late.values()].flatMap(({ logs }) => logs);
  }

  /** Those that have answered. */
  get heard(): string[] {
    return [...this.#late].filter(([, { silent }]) => silent === null).map(([host]) => host);
  }

  /** Those that have not, and why. */
  get silent(): { host: string; words: string }[] {
    return [...this.#late].flatMap(([host, { silent }]) => (silent === null ? [] : [{ host, words: silent }]));
  }

  /** These are late now; of any other nothing is kept. */
  take(hosts: readonly string[], signal: AbortSignal): void {
    this.#hosts = hosts;
    this.#late = new Map([...this.#late].filter(([host]) => hosts.includes(host)));
    // Those that have said nothing yet come first.
    const next = [...hosts.filter((host) => !this.#late.has(host)), ...this.#late.keys()].slice(0, AT_ONCE);
    if (next.length > 0 && !this.#asks) void this.#ask(next, signal);
  }

  async #ask(hosts: readonly string[], signal: AbortSignal): Promise<void> {
    this.#asks = true;
    try {
      const pages = await this.#pages(`{${hosts.join(",")}}:${this.names}`, signal);
      const silent = new Map(pages.flatMap(({ missing = [] }) => missing).map((each) => [each.host, hubWords(each, each.host)]));
      const logs = pages.flatMap((page) => page.logs);
      // Meanwhile one of them may have answered in time.
      const late = hosts.filter((host) => this.#hosts.includes(host));
      const said = late.map((host): [string, Late] => [host, { logs: logs.filter(({ log }) => hostOf(log) === host), silent: silent.get(host) ?? null }]);
      // Who has spoken goes to the end of the queue.
      this.#late = new Map([...[...this.#late].filter(([host]) => !late.includes(host)), ...said]);
      this.came();
    } catch {
      // The list itself tells when the hub does not answer, and the next look asks again.
    } finally {
      this.#asks = false;
    }
  }

  async #pages(match: string, signal: AbortSignal): Promise<LogsPage[]> {
    const pages: LogsPage[] = [];
    let next: string | null = null;
    do {
      const page: LogsPage = await fetchLogs({ q: "", match, limit: PAGE, next }, signal);
      pages.push(page);
      next = page.next;
    } while (next !== null && pages.length * PAGE < this.most);
    return pages;
  }
}

/** A page with what its late hosts have said since; those that have said nothing are missing from it. */
export function completed(page: LogsPage, late: Latecomers): LogsPage {
  const { logs, heard } = late;
  const prompt = page.logs.filter(({ log }) => !heard.includes(hostOf(log)));
  return { ...page, logs: [...prompt, ...logs], missing: (page.missing ?? []).filter(({ host }) => !heard.includes(host)) };
}

/** All logs in the hub's order: by host, and as the host has them. */
export function inOrder(logs: readonly LogEntry[], late: readonly LogEntry[]): readonly LogEntry[] {
  if (late.length === 0) return logs;
  return [...logs, ...late].toSorted((a, b) => byName(hostOf(a.log), hostOf(b.log)));
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
