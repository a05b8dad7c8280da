// Finding in lines that are held: the filter's patterns, understood by the browser. Pure.
//
// The hub's regular expressions are Rust's, the browser's are its own. What both know alike is used as it is; the little that is spelled
// otherwise is translated. A pattern that the browser does not know lights up nothing and is found by the hub all the same.

import type { Line } from "./shapes";

/** Hits that are lit up in one line at most. */
const MOST = 200;
/** Milliseconds of work at a stretch: half a frame. */
const STRETCH_MS = 8;

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
 * with `(?`) is left to the host to judge.
 */
export function isBroken(pattern: string): boolean {
  return pattern !== "" && matcher(pattern, false) === null && !/\(\?(?![:=!<P])/.test(pattern);
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

/** Which lines one pattern matches. Each line is looked at once. */
export class Finder {
  #known = new WeakMap<Line, boolean>();

  constructor(readonly regex: RegExp) {}

  matches(line: Line): boolean {
    let known = this.#known.get(line);
    if (known === undefined) {
      this.regex.lastIndex = 0;
      known = this.regex.test(line.text);
      this.#known.set(line, known);
    }
    return known;
  }

  /** Looks at lines for as long as a frame has room; whether it came to the end of them. */
  look(lines: Iterable<Line>): boolean {
    const until = performance.now() + STRETCH_MS;
    let fresh = 0;
    for (const line of lines) {
      if (this.#known.has(line)) continue;
      this.matches(line);
      if (++fresh % 64 === 0 && performance.now() > until) return false;
    }
    return true;
  }
}

/** The index of the next row from `from` on, that one included, in a direction, for which `is` holds; -1 for none. */
export function nextIndex<Row>(rows: readonly Row[], from: number, direction: 1 | -1, is: (row: Row) => boolean): number {
  for (let i = from; i >= 0 && i < rows.length; i += direction) {
    const row = rows[i];
    if (row !== undefined && is(row)) return i;
  }
  return -1;
}
