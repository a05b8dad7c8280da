// The logs of a view, those that are named and those that match its globs: looks every 2 s while the view is on the screen, and at
// nothing otherwise. A host that does not answer holds up none of the others: it is named, and asked by itself. It stands between the address and the view. What a look means is decided in `members.ts`.

import type { ViewAddress } from "./address";
import { fetchLogs, Refused } from "./api";
import { isWhole } from "./glob";
import { m } from "./language";
import { isLogName } from "./logname";
import { completed, Latecomers, NOT_YET, WITHIN_S } from "./latecomers";
import { whileVisible } from "./look";
import { number } from "./digits";
import { counted, lookedAt, MAX_MEMBERS, NOBODY, type Membership, type Total } from "./members";
import type { LogName, LogsPage } from "./shapes";
import { spotOf } from "./standpoint";

/** What is counted where more match than fit: as many as the hub lists at once, and not with each look. */
const MOST_COUNTED = 5000;
const COUNT_MS = 60_000;

interface Glob {
  readonly match: string;
  readonly late: Latecomers;
}

/** One look at a glob: what there is within two seconds, and what hosts that took longer have said since. */
async function look({ match, late }: Glob, signal: AbortSignal): Promise<LogsPage> {
  const page = await fetchLogs({ q: "", match, limit: MAX_MEMBERS + 1, next: null, within: WITHIN_S }, signal);
  late.take((page.missing ?? []).filter(({ why }) => why === NOT_YET).map(({ host }) => host), signal);
  return completed(page, late);
}

/** All that match a glob, as far as they are listed within two seconds. */
function count(match: string, signal: AbortSignal): Promise<LogsPage> {
  return fetchLogs({ q: "", match, limit: MOST_COUNTED, next: null, within: WITHIN_S }, signal);
}

/** The part of a glob that is over NAME; one without `:` is over nothing else. */
function nameIn(match: string): string {
  return match.slice(match.indexOf(":") + 1);
}

export class Members {
  #found = $state.raw<Membership>(NOBODY);
  #named = $state.raw<readonly LogName[]>([]);
  /** A look has been answered, or there is nothing to look for. */
  known = $state(false);
  problem = $state<string | null>(null);
  /** What is named and is no name of a log, nor a glob. */
  wrong = $state.raw<readonly string[]>([]);
  /** Hosts that match and have not said which logs they have. */
  silent = $state.raw<readonly string[]>([]);

  readonly logs = $derived<readonly LogName[]>([...this.#named, ...this.#found.logs.filter((log) => !this.#named.includes(log))]);

  #total = $state.raw<Total>({ count: MAX_MEMBERS, more: true });
  #counted = 0;

  /** Of how many these are some: `1,000`, or `5,000+` where they are not counted to their end. Null where they are all. */
  get total(): string | null {
    if (this.#found.over === 0) return null;
    return `${number(Math.max(this.#total.count, MAX_MEMBERS))}${this.#total.more ? "+" : ""}`;
  }

  /** Looks for what an address names until the returned function is called. */
  follow(address: ViewAddress): () => void {
    const { logs: named, matches: globs } = address;
    const at = spotOf(address)?.log ?? null;
    const [logs, matches] = [named.filter(isLogName), globs.filter(isWhole)];
    this.#named = at === null || logs.includes(at) || !isLogName(at) ? logs : [at, ...logs];
    this.wrong = [...named.filter((log) => !isLogName(log)), ...globs.filter((glob) => !isWhole(glob))];
    this.#found = NOBODY;
    this.#total = { count: MAX_MEMBERS, more: true };
    this.#counted = 0;
    this.problem = null;
    this.known = matches.length === 0;
    this.silent = [];
    if (matches.length === 0) return () => {};
    const looks = matches.map((match) => ({ match, late: new Latecomers(MAX_MEMBERS + 1, () => {}, nameIn(match)) }));
    return whileVisible(async (signal) => {
      try {
        const pages = await Promise.all(looks.map((glob) => look(glob, signal)));
        this.silent = [...new Set(pages.flatMap(({ missing = [] }) => missing.map(({ host }) => host)))];
        this.#take(lookedAt(this.#found, pages, this.#named));
        this.problem = null;
        this.known = true;
        if (this.#found.over === 0 || Date.now() - this.#counted < COUNT_MS) return;
        this.#counted = Date.now();
        this.#total = counted(await Promise.all(matches.map((match) => count(match, signal))), this.#named);
      } catch (error) {
        if (signal.aborted) return;
        // What else is wrong with a glob than that it has no end, as a class from z to a.
        if (error instanceof Refused && error.status === 400) this.problem = m.refused_bad_glob;
        else this.problem = error instanceof Error ? error.message : String(error);
      }
    });
  }

  /** Only what is another set of logs is another state: a look that finds the same moves nothing. */
  #take(found: Membership): void {
    const same = found.logs.length === this.#found.logs.length && found.logs.every((log, i) => log === this.#found.logs[i]);
    this.#found = same ? { ...found, logs: this.#found.logs } : found;
  }
}
