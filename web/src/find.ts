// The filter's patterns, understood by the browser. Pure.
//
// The hub's regular expressions are Rust's, the browser's are its own. What both know alike is used as it is; the little that is spelled
// otherwise is translated. A pattern that the browser does not know lights up nothing and is found by the hub all the same. A match may
// take for ever: `patterns.svelte.ts` decides who waits for it.

/** Hits that are lit up in one line at most. */
const MOST = 200;
/** Longer ones the browser is not asked to understand while somebody waits for a frame, in characters. */
export const UNDERSTOOD = 256;

/** The browser's form of one of the hub's patterns; null where it has none. */
export function matcher(pattern: string, ignoreCase: boolean): RegExp | null {
  if (pattern === "") return null;
  const inline = /^\(\?([is]+)\)/.exec(pattern);
  const rest = pattern.slice(inline?.[0].length ?? 0).replaceAll("(?P<", "(?<").replaceAll("\\A", "^").replaceAll("\\z", "$");
  const flags = new Set(["g", ...(ignoreCase ? ["i"] : []), ...(inline?.[1] ?? "")]);
  for (const unicode of ["u", ""]) {
    try {
      return new RegExp(rest, [...flags, unicode].join(""));
    } catch {
      // Without the stricter reading it may be one.
    }
  }
  return null;
}

/**
 * Whether a pattern is surely none, as half of one is that is being typed: neither here nor on the host. What only Rust knows (it begins
 * with `(?`), and what is long, is left to the host to judge.
 */
export function isBroken(pattern: string): boolean {
  return pattern !== "" && pattern.length <= UNDERSTOOD && matcher(pattern, false) === null && !/\(\?(?![:=!<P])/.test(pattern);
}

/** Where a text matches: from, to. A match of nothing is none. */
export function spans(regex: RegExp, text: string): [number, number][] {
  const found: [number, number][] = [];
  // Where it stopped elsewhere is no place to begin here.
  regex.lastIndex = 0;
  for (const match of text.matchAll(regex)) {
    if (match[0] === "") continue;
    found.push([match.index, match.index + match[0].length]);
    if (found.length === MOST) break;
  }
  return found;
}
