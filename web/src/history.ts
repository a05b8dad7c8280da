// Pages of some logs under one filter, asked for together. It stands between a view and `api.ts`, keeps nothing, and is
// over when its signal says so: an answer that was overtaken by another question is thrown away, even one that has come.

import { NO_FILTER, type Filter } from "./address";
import { fetchLines, type Spot } from "./api";
import { wholeLines } from "./merge";
import type { LinesPage, LogName } from "./shapes";

export class History {
  constructor(
    readonly logs: readonly LogName[] = [],
    readonly filter: Filter = NO_FILTER,
    readonly signal: AbortSignal = new AbortController().signal,
  ) {}

  /** The same questions of other logs. */
  of(logs: readonly LogName[]): History {
    return new History(logs, this.filter, this.signal);
  }

  async page(log: LogName, spot: Spot): Promise<LinesPage> {
    const page = await fetchLines(log, spot, this.filter, this.signal);
    // It may have been on its way out of the network when another question overtook it.
    this.signal.throwIfAborted();
    return wholeLines(page);
  }

  /** One page of each log that has a spot. */
  pages(spotOf: (log: LogName) => Spot | null): Promise<LinesPage[]> {
    const asked = this.logs.map((log) => ({ log, spot: spotOf(log) }));
    return Promise.all(asked.flatMap(({ log, spot }) => (spot === null ? [] : [this.page(log, spot)])));
  }
}

/** Bytes that the hub looked through for these. */
export function scannedIn(pages: readonly LinesPage[]): number {
  return pages.reduce((all, { scanned }) => all + (scanned ?? 0), 0);
}
