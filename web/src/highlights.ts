// Patterns that stay lit in a view while one reads on, each in its colour, whatever is found or filtered meanwhile.
//
// They are the hub's patterns, as those of a filter are; one that does not care about case says so itself, with `(?i)`. They are few: more
// colours than that nobody tells apart. Between the find bar, the address, where they are kept, and `lights.ts`, which lights them up.

/** As many as there are colours (`--lit-0` and so on). */
export const MOST_LIT = 6;

const NO_CASE = "(?i)";
/** What means something else than itself in a pattern. */
const SIGNS = /[\\^$.*+?()[\]{}|]/g;

/** What was looked for, as a pattern that stands alone. */
export function asHighlight(pattern: string, ignoreCase: boolean): string {
  return ignoreCase && !pattern.startsWith("(?") ? NO_CASE + pattern : pattern;
}

/** Words that were selected, as the pattern that finds just these. */
export function ofWords(words: string): string {
  return words.replace(SIGNS, "\\$&");
}

/** What a highlight is called: a pattern that stands for just some words by these. */
export function nameOf(highlight: string): string {
  const { pattern } = typedAs(highlight);
  const words = pattern.replace(/\\([^\w\s])/g, "$1");
  return ofWords(words) === pattern ? words : pattern;
}

/** More is no word any more, in characters. */
const LONGEST = 200;

/** What is selected with the pointer in one line; null where nothing is, or more than that. */
export function selectedWords(selection: Selection | null = getSelection()): string | null {
  const words = selection?.toString().trim() ?? "";
  return words === "" || words.length > LONGEST || words.includes("\n") ? null : words;
}

/** A highlight as somebody typed it. */
export function typedAs(highlight: string): { pattern: string; ignoreCase: boolean } {
  const ignoreCase = highlight.startsWith(NO_CASE);
  return { pattern: ignoreCase ? highlight.slice(NO_CASE.length) : highlight, ignoreCase };
}

/** With one more, at the end; null when there is no colour left for it. One that is there already stays where it is. */
export function withOne(lit: readonly string[], highlight: string): readonly string[] | null {
  if (lit.includes(highlight)) return lit;
  return lit.length < MOST_LIT ? [...lit, highlight] : null;
}
