// Pages of some logs under one filter, asked for together. It stands between a view and `api.ts`, keeps nothing, and is
// over when its signal says so: an answer that was overtaken by another question is thrown away, even one that has come.
// A host that is away, or slow, takes nothing from the others: their part comes without it.

import { NO_FILTER, type Filter } from "./address";
import { fetchLines, type Spot } from "./api";
import { wholeLines } from "./merge";
import type { LinesPage, LogName } from "./shapes";

/** So long the others are waited for once one log has answered, in milliseconds: as long as somebody waits for a picture. */
const OTHERS_MS = 1000;

/** The part of a log that has not come. */
export interface Missed {
  log: LogName;
  spot: Spot;
  /** Why not; null where it has not come yet. */
  why: Error | null;
}

/** What has come of a question over several logs, and what has not. */
export interface Parts {
  pages: LinesPage[];
  missed: Missed[];
}

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

  async page(log: LogName, spot: Spot, signal: AbortSignal = this.signal): Promise<LinesPage> {
    const page = await fetchLines(log, spot, this.filter, signal);
    // It may have been on its way out of the network when another question overtook it.
    this.signal.throwIfAborted();
    return wholeLines(page);
  }

  /**
   * One page of each log that has a spot, as far as they come: a log that is refused, or has not answered `others` milliseconds after
   * another one has, is missed. `most`: with none of them it is over after so many milliseconds.
   */
  async parts(spotOf: (log: LogName) => Spot | null, most = Infinity, others = OTHERS_MS): Promise<Parts> {
    const asked = this.#asked(spotOf);
    const late = new AbortController();
    const signal = AbortSignal.any([this.signal, late.signal]);
    const parts: Parts = { pages: [], missed: [] };
    const come = new Map<LogName, LinesPage | Error>();
    const answers = asked.map(async ({ log, spot }) => {
      try {
        const page = await this.page(log, spot, signal);
        come.set(log, page);
      } catch (error) {
        if (!signal.aborted) come.set(log, error instanceof Error ? error : new Error(String(error)));
        throw error;
      }
    });
    const first = Promise.any(answers).then(() => pause(others, signal), () => {});
    await Promise.race([Promise.allSettled(answers), first, ...(most < Infinity ? [pause(most, signal)] : [])]);
    late.abort();
    this.signal.throwIfAborted();
    for (const { log, spot } of asked) {
      const part = come.get(log) ?? null;
      if (part === null || part instanceof Error) parts.missed.push({ log, spot, why: part });
      else parts.pages.push(part);
    }
    return parts;
  }

  #asked(spotOf: (log: LogName) => Spot | null): { log: LogName; spot: Spot }[] {
    return this.logs.flatMap((log) => {
      const spot = spotOf(log);
      return spot === null ? [] : [{ log, spot }];
    });
  }
}

/** What there is of a question to which an answer is needed; throws why there is none. */
export function atLeastOne(parts: Parts): Parts {
  const why = parts.missed.find((each) => each.why !== null)?.why;
  if (parts.pages.length === 0 && why) throw why;
  return parts;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((over) => {
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      over();
    });
  });
}

/** Bytes that the hub looked through for these. */
export function scannedIn(pages: readonly LinesPage[]): number {
  return pages.reduce((all, { scanned }) => all + (scanned ?? 0), 0);
}
