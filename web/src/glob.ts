// A glob over `HOST:NAME`, as the hub reads it (`*` passes slashes, too), for the names that the page holds. Pure. It comes out of
// an address, so no glob may take long: braces are multiplied out, within a bound, and each of what they come to is looked through
// without going back further than to its last star, which is enough where a star stands for anything.

/** Whether a letter is one that may stand here; or the star. */
type Piece = ((letter: string) => boolean) | typeof STAR;

const STAR = Symbol("*");

/** What braces may come to when they are multiplied out; a glob of more matches nothing here. */
const BRANCHES = 1024;

/** What matches; everything for an empty glob, nothing for one that is none. Without a colon it is over the name alone. */
export function globber(glob: string): (log: string) => boolean {
  if (glob === "") return () => true;
  const branches = branchesOf(glob);
  const nameOf = (log: string) => (glob.includes(":") ? log : /^[^:]*:([^]*)$/.exec(log)?.[1]);
  return (log) => {
    const name = nameOf(log);
    if (name === undefined) return false;
    const letters = [...name];
    return branches.some((pieces) => fits(pieces, letters));
  };
}

/** The glob that is written where otherwise parts of names are; null for such parts. A piece of a path may stand for its end. */
export function globIn(written: string): string | null {
  const text = written.trim();
  if (!/[*?[{]/.test(text) || /\s/.test(text)) return null;
  return text.includes(":") || /^[/*]/.test(text) ? text : `*${text}`;
}

/** Whether nothing in a glob is left open: a class, alternatives, a backslash. */
export function isWhole(glob: string): boolean {
  const rest = glob.replace(/\\[^]|\[(?:![^]|[^!])[^\]]*\]/g, "");
  let depth = 0;
  for (const letter of rest) {
    if (letter === "[" || letter === "\\") return false;
    if (letter === "{") depth++;
    if (letter === "}" && --depth < 0) return false;
  }
  return depth === 0;
}

/** All that a glob can be, with its braces multiplied out; none when it is no glob, or comes to too many. */
function branchesOf(glob: string): Piece[][] {
  // Of each open brace: what had come to be before it, and its alternatives that are over.
  const open: { before: Piece[][]; over: Piece[][] }[] = [];
  let branches: Piece[][] = [[]];
  for (const [piece] of glob.matchAll(/\\[^]|\[[!^]?\]?[^\]]*\]|[^]/gu)) {
    const group = open.at(-1);
    if (piece === "{") {
      open.push({ before: branches, over: [] });
      branches = [[]];
    } else if (piece === "," && group) {
      group.over.push(...branches);
      branches = [[]];
    } else if (piece === "}") {
      if (group === undefined) return [];
      open.pop();
      const inside = [...group.over, ...branches];
      if (inside.length * group.before.length > BRANCHES) return [];
      branches = group.before.flatMap((before) => inside.map((rest) => [...before, ...rest]));
    } else {
      const one = pieceOf(piece);
      if (one === null) return [];
      for (const branch of branches) branch.push(one);
    }
  }
  return open.length === 0 ? branches : [];
}

/** One piece of a glob that is no brace; null for a class that is none or is open, and for a backslash with nothing behind it. */
function pieceOf(piece: string): Piece | null {
  if (piece === "[" || piece === "\\") return null;
  if (piece === "*") return STAR;
  if (piece === "?") return () => true;
  if (/^\[.{2}/su.test(piece)) {
    try {
      const regex = new RegExp(classOf(piece), "su");
      return (letter) => regex.test(letter);
    } catch {
      return null;
    }
  }
  const plain = piece.length > 1 && piece.startsWith("\\") ? piece.slice(1) : piece;
  return (letter) => letter === plain;
}

/** Whether all letters are what the pieces say. Where a piece does not fit, the star before it takes one letter more. */
function fits(pieces: readonly Piece[], letters: readonly string[]): boolean {
  let [piece, letter, star, taken] = [0, 0, -1, 0];
  while (letter < letters.length) {
    const here = pieces[piece];
    if (here === STAR) {
      star = piece++;
      taken = letter;
    } else if (here?.(letters[letter] ?? "")) {
      piece++;
      letter++;
    } else if (star >= 0) {
      piece = star + 1;
      letter = ++taken;
    } else {
      return false;
    }
  }
  return pieces.slice(piece).every((rest) => rest === STAR);
}

/** A class of a glob as one of a regular expression: only `!` or `^`, `-` and the brackets around it mean something. */
function classOf(piece: string): string {
  const [, not, letters] = /^\[([!^]?)(.*)\]$/su.exec(piece) ?? [];
  return `^[${not ? "^" : ""}${(letters ?? "").replace(/[\\\][^]/g, "\\$&")}]$`;
}
