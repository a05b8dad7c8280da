// Finding a name by parts of it: several words in any order, each somewhere in the name, or the beginnings of its parts run together
// (`ngac` is nginx/access.log). Pure. The list and the palette ask it; ten thousand names take a few milliseconds.

/** A name made ready to be looked through. */
export interface Hay {
  readonly text: string;
  readonly lower: string;
  /** Where its last part begins: what most people call it by. */
  readonly last: number;
}

export type Mark = readonly [from: number, to: number];
export interface Match {
  readonly score: number;
  /** What was found where, in order and without overlap. */
  readonly marks: readonly Mark[];
}
export interface Found<Item> extends Match {
  readonly item: Item;
}

/** What parts of a name stand between. */
const BETWEEN: ReadonlySet<string> = new Set(" /:._@-,\t");

/** More words than these are not looked at, nor more letters of one. */
const MAX_WORDS = 8;
const MAX_WORD = 64;

export function hayOf(text: string): Hay {
  // Letters whose small form is longer would shift all marks behind them; they stay as they are.
  const whole = text.toLowerCase();
  const lower = whole.length === text.length ? whole : [...text].map((each) => (each.toLowerCase().length === each.length ? each.toLowerCase() : each)).join("");
  return { text, lower, last: Math.max(text.lastIndexOf("/"), text.lastIndexOf(":")) + 1 };
}

export function wordsOf(query: string): string[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.slice(0, MAX_WORDS).map((word) => word.slice(0, MAX_WORD));
}

/** Null where a word is not in it. */
export function matchOf(words: readonly string[], hay: Hay): Match | null {
  let score = -hay.text.length / 64;
  const marks: Mark[] = [];
  for (const word of words) {
    const match = whole(word, hay) ?? pieces(word, hay);
    if (!match) return null;
    score += match.score;
    marks.push(...match.marks);
  }
  return { score, marks: joined(marks) };
}

/** The best of many, in order; of equals the first. */
export function ranked<Item>(query: string, items: readonly Item[], hay: (item: Item) => Hay, most: number): Found<Item>[] {
  const words = wordsOf(query);
  const found: Found<Item>[] = [];
  for (const item of items) {
    const match = matchOf(words, hay(item));
    if (match) found.push({ item, score: match.score, marks: match.marks });
  }
  return found.toSorted((a, b) => b.score - a.score).slice(0, most);
}

function whole(word: string, hay: Hay): Match | null {
  let best: Match | null = null;
  for (let at = hay.lower.indexOf(word); at >= 0; at = hay.lower.indexOf(word, at + 1)) {
    const score = 100 + (begins(hay, at) ? 30 : 0) + (at >= hay.last ? 60 : 0) + (ends(hay, at + word.length) ? 20 : 0);
    if (!best || score > best.score) best = { score, marks: [[at, at + word.length]] };
  }
  return best;
}

/** The word as beginnings of parts, one after the other. */
function pieces(word: string, hay: Hay): Match | null {
  // Most names lack its first letter at any beginning, or one of its letters at all.
  if (!hasAll(word, hay.lower)) return null;
  const marks: Mark[] = [];
  let done = 0;
  for (let at = 0; at < hay.lower.length && done < word.length; at++) {
    if (!begins(hay, at) || hay.lower[at] !== word[done]) continue;
    let to = at;
    while (done < word.length && hay.lower[to] === word[done]) {
      to++;
      done++;
    }
    marks.push([at, to]);
    at = to - 1;
  }
  return done === word.length && marks.length > 1 ? { score: 60 - 8 * marks.length, marks } : null;
}

/** Whether its letters are there in order, however far apart. */
function hasAll(word: string, text: string): boolean {
  let at = -1;
  for (const letter of word) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}

function begins({ lower }: Hay, at: number): boolean {
  return at === 0 || isBetween(lower[at - 1]);
}

function ends({ lower }: Hay, at: number): boolean {
  return at === lower.length || isBetween(lower[at]);
}

function isBetween(character: string | undefined): boolean {
  return character !== undefined && BETWEEN.has(character);
}

function joined(marks: readonly Mark[]): Mark[] {
  const out: Mark[] = [];
  for (const [from, to] of marks.toSorted((a, b) => a[0] - b[0])) {
    const before = out.at(-1);
    if (before && from <= before[1]) out[out.length - 1] = [before[0], Math.max(before[1], to)];
    else out.push([from, to]);
  }
  return out;
}

/** A stretch of a text cut where marks begin and end. */
export function cut(text: string, marks: readonly Mark[], from = 0, to = text.length): { text: string; marked: boolean }[] {
  const out: { text: string; marked: boolean }[] = [];
  let at = from;
  for (const [start, end] of marks) {
    const [a, b] = [Math.max(start, from), Math.min(end, to)];
    if (a >= b) continue;
    if (a > at) out.push({ text: text.slice(at, a), marked: false });
    out.push({ text: text.slice(a, b), marked: true });
    at = b;
  }
  if (at < to) out.push({ text: text.slice(at, to), marked: false });
  return out;
}
