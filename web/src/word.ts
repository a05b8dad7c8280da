// What is pointed at in a line, as a pattern to look for: a word, or a field and its value. Pure.
// A word ends where a log separates values; an address, a path or an identifier is one.

/** Longer ones are no words that somebody looks for. */
const LONGEST = 200;
const WITHIN = /[^\s"'`()[\]{}<>,;=|]/;
const AROUND = /^[.:!?*]+|[.:!?*]+$/g;

/** The word around a character of a text; null between words. */
export function wordAt(text: string, at: number): string | null {
  let [from, to] = [at, at];
  while (from > 0 && at - from < LONGEST && WITHIN.test(text.charAt(from - 1))) from--;
  while (to < text.length && to - at < LONGEST && WITHIN.test(text.charAt(to))) to++;
  const word = text.slice(from, to).replace(AROUND, "");
  return word === "" || word.length >= LONGEST ? null : word;
}

/** A pattern that matches just this text, for the hub's regular expressions and the browser's. */
export function patternOf(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

/** A pattern that matches a member of a JSON object, however it is spaced. */
export function memberPattern(key: string, source: string): string {
  return `${patternOf(JSON.stringify(key))}\\s*:\\s*${patternOf(source)}`;
}
