// The logs of a view of which no lines are among the others, since their hosts were away, slow or refused them: what is said of them, and
// what is still to be asked for when they come back. `paging.svelte.ts` fills and asks; the bar above the rows names them.

import { Refused } from "./api";
import type { Missed } from "./history";
import type { LogName } from "./shapes";

export interface Absentee {
  log: LogName;
  /** Empty where it has only not answered yet. */
  words: string;
}

export class Absentees {
  /** Logs that what was asked for last came without. */
  shown = $state.raw<readonly Absentee[]>([]);
  /** The parts that a window in the middle was opened without. */
  #owed = new Map<LogName, Missed>();

  /** A window was opened in the middle without these. */
  owe(missed: readonly Missed[]): void {
    this.#owed = new Map(missed.map((each) => [each.log, each]));
    this.shown = missed.map(absentee);
  }

  /** A part that was asked for again, and has not come again. */
  stillOwe(missed: Missed): void {
    this.#owed.set(missed.log, missed);
    this.absent([missed]);
  }

  owes(log: LogName): boolean {
    return this.#owed.has(log);
  }

  /** What is to be asked for now that something was heard of a log. `back`: its host was away, or the log was not there. */
  due(log: LogName, back: boolean): Missed | null {
    const missed = this.#owed.get(log);
    return missed && (back || mayCome(missed.why)) ? missed : null;
  }

  /** What was owed has come. */
  came(log: LogName): void {
    this.#owed.delete(log);
    this.present([log]);
  }

  absent(missed: readonly Missed[]): void {
    this.present(missed.map(({ log }) => log));
    if (missed.length > 0) this.shown = [...this.shown, ...missed.map(absentee)];
  }

  present(logs: readonly LogName[]): void {
    if (this.shown.some(({ log }) => logs.includes(log))) this.shown = this.shown.filter(({ log }) => !logs.includes(log));
  }

  /** Only these logs are looked at from now on. */
  keep(logs: readonly LogName[]): void {
    for (const log of this.#owed.keys()) if (!logs.includes(log)) this.#owed.delete(log);
    this.shown = this.shown.filter(({ log }) => logs.includes(log));
  }

  /** Another window is wanted, and what the one that is shown came without no longer; it is told until there is one. */
  forgive(): void {
    this.#owed.clear();
  }

  clear(): void {
    this.forgive();
    this.shown = [];
  }
}

/** Whether the same question may have an answer later: nothing came, or the host was away. What was refused is so until it changes. */
export function mayCome(why: unknown): boolean {
  return !(why instanceof Refused) || why.status === 0 || why.status >= 500;
}

function absentee({ log, why }: Missed): Absentee {
  return { log, words: why?.message ?? "" };
}
