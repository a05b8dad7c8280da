// All logs there are, by name, as the list and the palette need them: read once, and again now and then while somebody looks. How large
// they are and whether they are written is asked anew every 2 s of those on the screen alone (`asking.ts`), and of none when nothing
// is open. It holds a bounded number of names and says when there are more.

import { fetchHosts, fetchLogs } from "./api";
import { globOf } from "./asking";
import { hubWords } from "./hubwords";
import { inOrder, Latecomers, NOT_YET, WITHIN_S } from "./latecomers";
import { whileVisible } from "./look";
import { hayOf, type Hay } from "./seek";
import type { HostEntry, LogEntry, LogName, LogsPage } from "./shapes";
import { hostOf } from "./tags";
import { visible } from "./text";

/** Names that are held; a tab with more would be slow, and nobody reads them. */
const MOST = 50_000;
/** The first page is small, so that there is something to see at once. */
const FIRST = 200;
const PAGE = 5000;
/** A list that fits on the first page is read anew with each look; a longer one after this long, in milliseconds. */
const WHOLE_MS = 30_000;

export interface Named {
  readonly log: LogName;
  readonly hay: Hay;
}

class Catalogue {
  hosts = $state.raw<readonly HostEntry[]>([]);
  /** In the hub's order; the same array until a name comes or goes. */
  names = $state.raw<readonly Named[]>([]);
  entries = $state.raw<ReadonlyMap<LogName, LogEntry>>(new Map());
  missing = $state.raw<readonly { host: string; words: string }[]>([]);
  /** Hosts that were asked for their logs and heard in the end; of any other nothing is known. */
  heard = $state.raw<ReadonlySet<string>>(new Set());
  /** There are more names than are held. */
  over = $state(false);
  /** A first look has been answered. */
  known = $state(false);
  problem = $state<string | null>(null);
  now = $state(Date.now());
  #read = Number.NEGATIVE_INFINITY;
  #states = "";
  #missing: ReadonlyMap<string, string> = new Map();
  #heard: readonly string[] = [];
  /** The logs of hosts that are not late. */
  #prompt: readonly LogEntry[] = [];
  readonly #late = new Latecomers(MOST, () => this.#tell());

  /** Looks as long as the returned function is not called. `seen`: what is on the screen. */
  follow(seen: () => readonly LogName[]): () => void {
    return whileVisible((signal) => this.#look(seen, signal));
  }

  async #look(seen: () => readonly LogName[], signal: AbortSignal): Promise<void> {
    try {
      this.hosts = await fetchHosts(signal);
      const states = JSON.stringify(this.hosts.map(({ name, state, since }) => [name, state, since]));
      const stale = performance.now() - this.#read > WHOLE_MS || states !== this.#states || this.names.length <= FIRST;
      await (stale ? this.#readAll(signal) : this.#readSome(seen(), signal));
      this.#states = states;
      this.problem = null;
      this.now = Date.now();
    } catch (error) {
      if (!signal.aborted) this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const logs: LogEntry[] = [];
    const missing = new Map<string, string>();
    const late = new Set<string>();
    const asked = this.hosts.filter(({ state }) => state === "up").map(({ name }) => name);
    let next: string | null = null;
    do {
      const page: LogsPage = await fetchLogs({ q: "", match: "", limit: logs.length === 0 ? FIRST : PAGE, next, within: WITHIN_S }, signal);
      logs.push(...page.logs);
      for (const unheard of page.missing ?? []) {
        if (unheard.why === NOT_YET) late.add(unheard.host);
        else missing.set(unheard.host, hubWords(unheard, unheard.host));
      }
      next = page.next;
      if (!this.known) this.#publish(logs);
    } while (next !== null && logs.length < MOST);
    this.over = next !== null;
    this.#missing = missing;
    this.#heard = asked.filter((host) => !missing.has(host) && !late.has(host));
    this.#prompt = late.size === 0 ? logs : logs.filter(({ log }) => !late.has(hostOf(log)));
    this.#late.take([...late], signal);
    this.#tell();
    this.known = true;
    this.#read = performance.now();
  }

  /** Publishes what is known of all hosts. */
  #tell(): void {
    this.missing = [...[...this.#missing].map(([host, words]) => ({ host, words })), ...this.#late.silent];
    this.heard = new Set([...this.#heard, ...this.#late.heard]);
    this.#publish(inOrder(this.#prompt, this.#late.logs).slice(0, MOST));
  }

  async #readSome(seen: readonly LogName[], signal: AbortSignal): Promise<void> {
    const match = globOf(seen);
    if (match === null) return;
    const page = await fetchLogs({ q: "", match, limit: 500, next: null, within: WITHIN_S }, signal);
    const entries = new Map(this.entries);
    for (const entry of page.logs) if (entries.has(entry.log)) entries.set(entry.log, entry);
    this.entries = entries;
  }

  #publish(logs: readonly LogEntry[]): void {
    this.entries = new Map(logs.map((entry) => [entry.log, entry]));
    const { names } = this;
    if (names.length === logs.length && names.every(({ log }, i) => log === logs[i]?.log)) return;
    const known = new Map(names.map((name) => [name.log, name]));
    this.names = logs.map(({ log }) => known.get(log) ?? { log, hay: hayOf(visible(log)) });
  }
}

export const catalogue = new Catalogue();
