// The logs of a view, those that are named and those that match its globs: looks every 2 s while the view is on the screen, and at
// nothing otherwise. It stands between the address and the view. What a look means is decided in `members.ts`.

import type { ViewAddress } from "./address";
import { fetchLogs } from "./api";
import { whileVisible } from "./look";
import { lookedAt, MAX_MEMBERS, NOBODY, type Membership } from "./members";
import type { LogName } from "./shapes";

export class Members {
  #found = $state.raw<Membership>(NOBODY);
  #named = $state.raw<readonly LogName[]>([]);
  /** A look has been answered, or there is nothing to look for. */
  known = $state(false);
  problem = $state<string | null>(null);

  readonly logs = $derived<readonly LogName[]>([...this.#named, ...this.#found.logs.filter((log) => !this.#named.includes(log))]);

  get over(): number {
    return this.#found.over;
  }

  /** Looks for what an address names until the returned function is called. */
  follow({ logs, matches, in: at }: ViewAddress): () => void {
    this.#named = at === null || logs.includes(at) ? logs : [at, ...logs];
    this.#found = NOBODY;
    this.known = matches.length === 0;
    if (matches.length === 0) return () => {};
    return whileVisible(async (signal) => {
      try {
        const limit = MAX_MEMBERS + 1;
        const pages = await Promise.all(matches.map((match) => fetchLogs({ q: "", match, limit, next: null }, signal)));
        this.#take(lookedAt(this.#found, pages, this.#named));
        this.problem = null;
        this.known = true;
      } catch (error) {
        if (!signal.aborted) this.problem = error instanceof Error ? error.message : String(error);
      }
    });
  }

  /** Only what is another set of logs is another state: a look that finds the same moves nothing. */
  #take(found: Membership): void {
    const same = found.logs.length === this.#found.logs.length && found.logs.every((log, i) => log === this.#found.logs[i]);
    this.#found = same ? { ...found, logs: this.#found.logs } : found;
  }
}
