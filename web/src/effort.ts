// How long a pattern can take at most, reckoned from its form alone, before it is tried. Pure.
//
// The browser's regular expressions go back and try again: `(a+)+$` takes longer than anybody lives on forty letters. What each part of a
// pattern multiplies the ways by is known where parts that repeat hold no parts that do, and nothing looks around or back. All else may
// take for ever. It refuses to be exact: it is never too low.

/** Characters of a pattern whose form is looked at; plain words may be longer, since making them ready costs next to nothing. */
const LONGEST = 64;
const LONGEST_PLAIN = 256;

/** What stands together in a pattern: something escaped, a class, what opens a group, or one sign. */
const PARTS = /\\[^]|\[(?:\\[^]|[^\]\\])*\]|\((?:\?(?::|<[A-Za-z]\w*>))?|[^]/g;
const SIGNS = /[\\^$.*+?()[\]{}|]/;

/** Steps that finding all hits of a pattern takes at most, by the length of the text; infinite where that cannot be told. */
export type Effort = (length: number) => number;

const UNKNOWN: Effort = () => Infinity;

export function effortOf(source: string): Effort {
  if (source.length > (SIGNS.test(source.replace(/\\\W/g, "")) ? LONGEST : LONGEST_PLAIN)) return UNKNOWN;
  // Any of the places in a text may be the first of a hit, and any the last of what is repeated.
  let [repeated, ways] = [1, 1];
  let before = "";
  for (const [part] of source.matchAll(PARTS)) {
    // Behind a group it repeats what may repeat itself. A count is not reckoned at all: it multiplies the pattern, too.
    if (part === "{" || ((part === "*" || part === "+") && before === ")")) return UNKNOWN;
    // It looks around, back, or into the tables of Unicode.
    if ((part === "?" && before === "(") || /^\\[1-9kpP]/.test(part) || /^\[.*\\[pP]/s.test(part)) return UNKNOWN;
    if (part === "*" || part === "+") repeated++;
    else if (part === "|" || part === "?") ways *= 2;
    before = part;
  }
  return (length) => source.length * ways * (length + 1) ** repeated;
}
