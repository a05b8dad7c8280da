// A glob over `HOST:NAME`, as the hub reads it (`*` passes slashes, too), for the names that the page holds. Pure.

/** What matches; everything for an empty glob, nothing for one that is none. Without a colon it is over the name alone. */
export function globber(glob: string): (log: string) => boolean {
  if (glob === "") return () => true;
  try {
    const regex = new RegExp(`^${glob.includes(":") ? "" : "[^:]*:"}${sourceOf(glob)}$`, "s");
    return (log) => regex.test(log);
  } catch {
    return () => false;
  }
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

function sourceOf(glob: string): string {
  let depth = 0;
  return glob.replace(/\\(.)|\[!?\]?[^\]]*\]|[*?{},]|[^*?{},\\[]+|[\\[]/gs, (piece, escaped: string | undefined) => {
    if (escaped !== undefined) return quoted(escaped);
    if (piece === "*") return ".*";
    if (piece === "?") return ".";
    if (piece === "{") return depth++, "(?:";
    if (piece === "}") return depth-- > 0 ? ")" : "\\}";
    if (piece === ",") return depth > 0 ? "|" : ",";
    if (piece.startsWith("[") && piece.length > 2) return piece.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    return quoted(piece);
  });
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
