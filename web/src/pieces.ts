// A line's text as what stands in its row: stretches of one look, links, and what is hidden, made visible. Between a line and `Words.svelte`.
// Everything in it is text for a text node; a link is `http` or `https` and nothing else. Its work is bounded, whatever a line says. Pure.

import { isLight, runsOf, type Look } from "./ansi";
import { HIDDEN, isPlain, show } from "./text";

export interface Piece {
  text: string;
  /** Names of classes in `Words.svelte`. */
  look: string;
  /** A colour of its own, `#rrggbb`. */
  colour?: string | undefined;
  ground?: string | undefined;
  href?: string;
}

/** Elements that one row is worth; what comes behind them is shown without colours and links. */
const MOST = 400;
/** A link ends before what ends a sentence, a quotation or a list. */
const LINK = /\bhttps?:\/\/[^\s"'<>`{}|\\^⟨⟩�]+/gi;
const BEHIND_LINK = /[.,;:!?)\]*_~]+$/;

/** The text itself where there is nothing but text, as in most lines. */
export function piecesOf(line: string): string | Piece[] {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (isPlain(text) && !text.includes("://")) return text;
  const pieces: Piece[] = [];
  for (const { text: run, look } of runsOf(text, MOST)) {
    const dress = dressOf(look);
    for (const piece of linked(run)) for (const each of shownOf(piece, dress)) add(pieces, each);
  }
  return pieces;
}

/** Where all pieces are spent, only the text goes on. */
function add(pieces: Piece[], piece: Piece): void {
  const last = pieces.at(-1);
  if (pieces.length < MOST) pieces.push(piece);
  else if (last?.look === "" && last.href === undefined) last.text += piece.text;
  else pieces.push({ text: piece.text, look: "" });
}

interface Linked {
  text: string;
  href?: string;
}

function linked(text: string): Linked[] {
  const parts: Linked[] = [];
  let from = 0;
  for (const { 0: match, index } of text.matchAll(LINK)) {
    const link = trimmed(match);
    const href = safe(link);
    if (href === null) continue;
    parts.push({ text: text.slice(from, index) }, { text: link, href });
    from = index + link.length;
  }
  parts.push({ text: text.slice(from) });
  return parts.filter((part) => part.text !== "");
}

/** A parenthesis or bracket that was opened in the link belongs to it. */
function trimmed(match: string): string {
  const link = match.replace(BEHIND_LINK, "");
  const next = match[link.length];
  const opening = next === ")" ? "(" : next === "]" ? "[" : null;
  return opening !== null && link.includes(opening) ? link + next : link;
}

function safe(link: string): string | null {
  HIDDEN.lastIndex = 0;
  if (!URL.canParse(link) || HIDDEN.test(link)) return null;
  const { href, protocol } = new URL(link);
  return protocol === "http:" || protocol === "https:" ? href : null;
}

type Dress = Pick<Piece, "look" | "colour" | "ground">;

/** What is hidden stands out, so that nobody takes `\x1b` for four characters of the line. */
function* shownOf({ text, href }: Linked, dress: Dress): Generator<Piece> {
  if (href !== undefined) return yield { ...dress, text, href };
  let from = 0;
  for (const { 0: hidden, index } of text.matchAll(HIDDEN)) {
    if (index > from) yield { ...dress, text: text.slice(from, index) };
    yield { text: show(hidden), look: "odd" };
    from = index + hidden.length;
  }
  if (from < text.length) yield { ...dress, text: text.slice(from) };
}

/** On a ground of its own a text is black or white, or the page's ground: whatever pair a log asked for, it can be read. */
function dressOf(look: Look): Dress {
  const faces = (["bold", "dim", "italic", "underline", "strike"] as const).filter((face) => look[face]);
  const ground = look.inverse ? (look.colour ?? "text") : look.ground;
  if (ground === null) return dress(faces, look.colour);
  if (ground === "text") return { look: [...faces, "inverse"].join(" ") };
  if (typeof ground === "number") return { look: [...faces, `ground-${ground}`].join(" ") };
  return { look: [...faces, isLight(ground) ? "on-light" : "on-dark"].join(" "), ground };
}

function dress(faces: readonly string[], colour: Look["colour"]): Dress {
  if (colour === null) return { look: faces.join(" ") };
  if (typeof colour === "number") return { look: [...faces, `colour-${colour}`].join(" ") };
  return { look: [...faces, "own"].join(" "), colour };
}
