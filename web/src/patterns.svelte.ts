// The patterns that are lit up and found, over all views of the page: what each is known to match, and which of them the browser gave up.
//
// A pattern comes from a link or from a hand, and a line from anywhere: together they can take longer than anybody lives. So one that is
// sure to be quick, by its form (`effort.ts`), is run at once, as far as a frame has room; all others are run beside the page
// (`watched.ts`), and what they match is known a moment later. It refuses the document.

import { ASKED, type AnswerTo, type Asked } from "./answering";
import { effortOf, type Effort } from "./effort";
import { matcher, UNDERSTOOD } from "./find";
import type { Line } from "./shapes";
import { keyOf, Watched, type Came, type Work } from "./watched";

/** What is run at once between two frames, in steps (`effort.ts`): some ten milliseconds. */
const STEPS = 2_000_000;
/** Texts that are asked about in one question, and their characters. */
const TEXTS = 500;
const CHARACTERS = 256 * 1024;
/** Patterns that are remembered: those on the screen, and some that were typed lately. */
const REMEMBERED = 64;

/** Room for work that somebody waits for. */
export class Room {
  constructor(private left = STEPS) {}

  take(steps: number): boolean {
    if (steps > this.left) return false;
    this.left -= steps;
    return true;
  }
}

/** A line, and what is shown of it or all of it. */
export interface Wanted {
  line: Line;
  text: string;
}

/** What one pattern answers to one question, line by line. */
class Answered<Kind extends Asked> {
  #known = new WeakMap<Line, { text: string; answer: AnswerTo<Kind> }>();

  constructor(
    private readonly asked: Kind,
    private readonly pattern: Pattern,
  ) {}

  /** Undefined as long as it is not known. */
  at({ line, text }: Wanted, room: Room): AnswerTo<Kind> | undefined {
    const known = this.#known.get(line);
    if (known?.text === text) return known.answer;
    const { regex, effort } = this.pattern;
    if (regex === null || !room.take(effort(text.length))) return undefined;
    const answer = ASKED[this.asked](regex, text) as AnswerTo<Kind>;
    this.#known.set(line, { text, answer });
    return answer;
  }

  /** Learns of some of these, of one at least, or that there is nothing to be learned of the pattern. Whether that went well. */
  async learn(wanted: readonly Wanted[]): Promise<boolean> {
    const now = batch(wanted);
    const came = await this.pattern.ask(this.asked, now.map(({ text }) => text));
    for (const [i, answer] of came.kind === "known" ? came.answers.entries() : []) {
      const each = now[i];
      if (each) this.#known.set(each.line, { text: each.text, answer });
    }
    return came.kind !== "failed";
  }
}

/** As many of the first as make one question. */
function batch(wanted: readonly Wanted[]): readonly Wanted[] {
  let characters = 0;
  const over = wanted.findIndex(({ text }, i) => i === TEXTS || ((characters += text.length) > CHARACTERS && i > 0));
  return over < 0 ? wanted : wanted.slice(0, over);
}

export class Pattern {
  readonly spans = new Answered("spans", this);
  readonly any = new Answered("any", this);
  readonly effort: Effort;
  #isNone = false;

  constructor(
    private readonly home: Patterns,
    readonly words: string,
    readonly ignoreCase: boolean,
    /** Null where it is too long to be looked at here. */
    readonly regex: RegExp | null,
  ) {
    this.effort = regex ? effortOf(regex.source) : () => Infinity;
  }

  /** Whether there is something to be learned of it. */
  get open(): boolean {
    return !this.#isNone && !this.heavy;
  }

  /** It took too long, and was given up. */
  get heavy(): boolean {
    return this.home.isHeavy(this.words, this.ignoreCase);
  }

  async ask<Kind extends Asked>(asked: Kind, texts: string[]): Promise<Came<Kind>> {
    const { words: pattern, ignoreCase } = this;
    const came = await this.home.watched.ask({ asked, pattern, ignoreCase, texts });
    if (came.kind === "heavy") this.home.giveUp(pattern, ignoreCase);
    if (came.kind === "none") this.#isNone = true;
    return came;
  }
}

export class Patterns {
  #all = new Map<string, Pattern>();
  #heavy = $state.raw<ReadonlySet<string>>(new Set());
  readonly watched: Watched;

  constructor(start: () => Work) {
    this.watched = new Watched(start);
  }

  /** The one of these words; null for what is surely none in the browser. */
  of(words: string, ignoreCase: boolean): Pattern | null {
    const key = keyOf({ pattern: words, ignoreCase });
    const pattern = this.#all.get(key) ?? this.#fresh(words, ignoreCase);
    if (pattern === null) return null;
    // Those that were wanted last are the last to be forgotten.
    this.#all.delete(key);
    this.#all.set(key, pattern);
    const [oldest] = this.#all.keys();
    if (this.#all.size > REMEMBERED && oldest !== undefined) this.#all.delete(oldest);
    return pattern;
  }

  #fresh(words: string, ignoreCase: boolean): Pattern | null {
    if (words.length > UNDERSTOOD) return new Pattern(this, words, ignoreCase, null);
    const regex = matcher(words, ignoreCase);
    return regex && new Pattern(this, words, ignoreCase, regex);
  }

  isHeavy(words: string, ignoreCase: boolean): boolean {
    return this.#heavy.has(keyOf({ pattern: words, ignoreCase }));
  }

  giveUp(words: string, ignoreCase: boolean): void {
    this.#heavy = new Set([...this.#heavy, keyOf({ pattern: words, ignoreCase })]);
  }

  /** Other lines are looked at, for which none is too heavy yet. */
  forgive(): void {
    if (this.#heavy.size > 0) this.#heavy = new Set();
  }
}

/** The page's own. */
export const patterns = new Patterns(() => new Worker(new URL("./matching.worker.ts", import.meta.url), { type: "module" }));
