// Asks a worker what patterns match, one question after the other, and ends it when it does not answer: then that pattern is more than the
// browser can do, and the others go on in a new one. Workers and time are given to it; it refuses the document, and to run a pattern.
//
// A pattern that has been answered before goes first: who scrolls through its lines does not wait for others to be given up.
//
// Time is counted in ticks of the page's own. A page that has no processor hears them late, and so gives the worker, which has none either,
// as much longer: only a pattern is ever called too heavy, never the machine.

import type { Answers, Asked, Question } from "./answering";

const TICK_MS = 50;
/** Ticks without an answer: 200 ms and up to one more. */
const MOST_TICKS = 5;
/** Patterns that are remembered to have been answered. */
const KNOWN = 64;
/** A worker that could not be loaded is not loaded again before, in milliseconds. */
const REST_MS = 2000;

/** What there is of a worker. */
export interface Work {
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(question: Question): void;
  terminate(): void;
}

/** `failed`: there is no worker at the moment, which says nothing about the pattern. */
export type Came<Kind extends Asked> = Answers<Kind> | { kind: "failed" };

interface Waiting {
  question: Question;
  done: (came: Came<Asked>) => void;
}

export class Watched {
  #work: Work | null = null;
  #ready = false;
  #waiting: Waiting[] = [];
  /** What the worker has been asked. */
  #asked: Waiting | null = null;
  #good = new Set<string>();
  #ticks = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #failedAt = -Infinity;

  constructor(private readonly start: () => Work) {}

  ask<Kind extends Asked>(question: Question<Kind>): Promise<Came<Kind>> {
    return new Promise((done) => {
      this.#waiting.push({ question, done: done as Waiting["done"] });
      this.#go();
    });
  }

  #go(): void {
    if (this.#asked !== null || this.#waiting.length === 0) return;
    if (this.#work === null && !this.#begin()) return this.#fail();
    if (!this.#ready) return;
    const good = this.#waiting.findIndex(({ question }) => this.#good.has(keyOf(question)));
    const [next] = this.#waiting.splice(Math.max(0, good), 1);
    if (!next) return;
    this.#asked = next;
    this.#work?.postMessage(next.question);
    this.#ticks = 0;
    this.#timer = setInterval(() => {
      if (++this.#ticks >= MOST_TICKS) this.#over();
    }, TICK_MS);
  }

  #begin(): boolean {
    if (performance.now() - this.#failedAt < REST_MS) return false;
    const work = this.#started();
    if (work === null) return false;
    this.#work = work;
    this.#ready = false;
    work.onmessage = ({ data }) => {
      if (work !== this.#work) return;
      if (data === "ready") this.#ready = true;
      else this.#answered(data as Answers);
      this.#go();
    };
    work.onerror = () => {
      if (work !== this.#work) return;
      if (this.#asked !== null) return this.#over();
      // It was not even loaded.
      this.#end();
      this.#failedAt = performance.now();
      this.#fail();
    };
    return true;
  }

  /** A browser may refuse one at once. */
  #started(): Work | null {
    try {
      return this.start();
    } catch {
      this.#failedAt = performance.now();
      return null;
    }
  }

  #fail(): void {
    for (const { done } of this.#waiting.splice(0)) done({ kind: "failed" });
  }

  /** No answer, or the worker broke at it. What else is asked of that pattern need not be tried. */
  #over(): void {
    const over = this.#asked && keyOf(this.#asked.question);
    this.#end();
    this.#answered({ kind: "heavy" });
    const isOver = ({ question }: Waiting): boolean => keyOf(question) === over;
    const too = this.#waiting.filter(isOver);
    this.#waiting = this.#waiting.filter((each) => !isOver(each));
    for (const { done } of too) done({ kind: "heavy" });
    this.#go();
  }

  #end(): void {
    this.#work?.terminate();
    this.#work = null;
  }

  #answered(answers: Answers): void {
    clearInterval(this.#timer);
    const asked = this.#asked;
    this.#asked = null;
    if (asked === null) return;
    if (this.#good.size >= KNOWN) this.#good.clear();
    if (answers.kind === "known") this.#good.add(keyOf(asked.question));
    else this.#good.delete(keyOf(asked.question));
    asked.done(answers);
  }
}

/** The same for all questions about one pattern. */
export function keyOf({ pattern, ignoreCase }: Pick<Question, "pattern" | "ignoreCase">): string {
  return `${ignoreCase ? "i" : "c"} ${pattern}`;
}
