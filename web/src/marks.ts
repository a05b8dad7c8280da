// What stands between the lines of a view: a gap, which can be read, and what befell a log, which can only be told.
// It is made of what the hub tells (`shapes.ts`), and a row of the window (`stream.ts`). It refuses to know words (`tidings.ts`).

import type { GapEvent, NoteEvent, NoteKind, Position } from "./shapes";

/** Bytes that were not sent and can be read: a button stands for them. */
export interface GapMark {
  kind: "gap";
  from: Position;
  to: Position;
  bytes: number | null;
  words: string;
  /** Why, as a word of the hub's. */
  why?: string | undefined;
  /** When it was told, in milliseconds since 1970. */
  at?: number;
}
/** What befell the log, as the hub told it, or the view: a log joined those that are looked at, or left them. */
export interface NoteMark {
  kind: NoteKind | "joined" | "left";
  words: string;
  bytes?: number | null | undefined;
  why?: string | undefined;
  at?: number;
}
export type Mark = GapMark | NoteMark;

/** Whether a mark says nothing that the one before it has not said. A file that is gone is not there. */
export function isSaid(before: Mark, mark: Mark): boolean {
  if (mark.kind === "gap") return false;
  return before.kind === mark.kind || (before.kind === "gone" && mark.kind === "waiting" && mark.why === "not_there");
}

/** The mark that stands for a gap. */
export function gapMark(event: GapEvent, at: number): GapMark {
  return { kind: "gap", from: event.from, to: event.to, bytes: event.bytes ?? null, words: event.words, why: event.why, at };
}

/** The mark for anything else that is told. */
export function noteMark({ type, words, bytes, why }: NoteEvent, at: number): NoteMark {
  return { kind: type, words, bytes, why, at };
}

/** Whether a gap lies in a file that was left: the log does not go on behind it, and what is above and below it follow each other. */
export function isAside(gap: GapMark): boolean {
  return gap.why === "late_writer";
}

/** Both as one, where a gap begins at the end of the one before it: a writer that was never told to open its log anew goes on for hours. */
export function goesOn(before: Mark, mark: Mark): GapMark | null {
  if (before.kind !== "gap" || mark.kind !== "gap" || before.to !== mark.from || before.why !== mark.why) return null;
  return { ...before, to: mark.to, words: mark.words, bytes: sum(before.bytes, mark.bytes) };
}

/** What is left of a gap of which a part was read, when it was `asked` for as it stood then: it may have become longer meanwhile. */
export function restOf(gap: GapMark, asked: GapMark, left: GapMark | null): GapMark | null {
  if (gap.to === asked.to) return left;
  const come = gap.bytes === null || asked.bytes === null ? null : gap.bytes - asked.bytes;
  return { ...gap, from: left?.from ?? asked.to, bytes: left ? sum(left.bytes, come) : come };
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
