// The text of selected lines: exactly what the log says, whatever the screen shows of it, joined by line ends.
// From memory where the lines are held whole; else read again from the file. Between a selection and the clipboard (`parts/Selected.svelte`).
//
// It refuses more than a clipboard is good for: whoever wants that downloads it, which goes past the page's memory.

import { isEmpty, type Filter } from "./address";
import { fetchLines, fetchRaw } from "./api";
import { bytesOf } from "./hex";
import type { Line, LogName, Position } from "./shapes";
import type { LineRow } from "./stream";

/** Bytes that are read again for the clipboard at most. */
export const MOST_BYTES = 64 * 1024 * 1024;
/** Lines that are asked for at once, where they are read line by line. */
const LIMIT = 5000;

export interface Copied {
  text: string;
  lines: number;
  /** Some of its bytes are no text: they are in it as replacement characters. */
  lossy: boolean;
}

/** Why there is no text. */
export class Uncopied extends Error {
  constructor(readonly why: "large" | "mixed") {
    super(why);
    this.name = "Uncopied";
  }
}

/** What is held, when that is all of each line; null when some line is cut. */
export function heldText(rows: readonly LineRow[]): Copied | null {
  if (rows.some(({ line }) => line.cut !== undefined)) return null;
  return { text: rows.map(({ line }) => textOf(line)).join("\n"), lines: rows.length, lossy: rows.some(({ line }) => line.bytes !== undefined) };
}

/** Reads what lies between two lines again, both included; `held`: the lines, where they are held but some are cut. */
export async function fileText(ends: readonly [LineRow, LineRow], held: readonly LineRow[] | null, filter: Filter, signal: AbortSignal): Promise<Copied> {
  const [first, last] = ends;
  if (held && (first.log !== last.log || held.some(({ log }) => log !== first.log))) return joined(await Promise.all(held.map((row) => whole(row, signal))));
  if (!held && first.log !== last.log) throw new Uncopied("mixed");
  if (!isEmpty(filter) || first.file !== last.file) return joined(await lineByLine(ends, filter, signal));
  const to = await endOf(last.log, last.line.position, signal);
  const bytes = await fetchRaw(first.log, first.line.position, to, MOST_BYTES, signal);
  if (bytes === null) throw new Uncopied("large");
  const { text, lossy } = decoded(bytes);
  return { text, lines: text.split("\n").length, lossy };
}

/** Where the line after that one starts; null at the end of the log. */
export async function endOf(log: LogName, position: Position, signal: AbortSignal): Promise<Position | null> {
  const page = await fetchLines(log, { after: position, limit: 1 }, NONE, signal);
  return page.after === position ? null : page.after;
}

const NONE: Filter = { grep: [], exclude: [], ignoreCase: false, level: null };

interface Text {
  text: string;
  lossy: boolean;
}

async function whole({ log, line }: { log: LogName; line: Line }, signal: AbortSignal): Promise<Text> {
  if (line.cut === undefined) return { text: textOf(line), lossy: line.bytes !== undefined };
  const bytes = await fetchRaw(log, line.position, await endOf(log, line.position, signal), MOST_BYTES, signal);
  if (bytes === null) throw new Uncopied("large");
  return decoded(bytes);
}

/** Pages of lines that pass a filter, up to the last one. */
async function lineByLine([first, last]: readonly [LineRow, LineRow], filter: Filter, signal: AbortSignal): Promise<Text[]> {
  const texts: Text[] = [];
  let after: Position | null = first.line.position;
  let weight = 0;
  while (after !== null) {
    const page = await fetchLines(first.log, { after, limit: LIMIT }, filter, signal);
    for (const line of page.lines) {
      const text = await whole({ log: first.log, line }, signal);
      texts.push(text);
      weight += text.text.length;
      if (weight > MOST_BYTES) throw new Uncopied("large");
      if (line.position === last.line.position) return texts;
    }
    after = page.end || page.after === after ? null : page.after;
  }
  return texts;
}

function joined(texts: readonly Text[]): Copied {
  return { text: texts.map(({ text }) => text).join("\n"), lines: texts.length, lossy: texts.some(({ lossy }) => lossy) };
}

/** A carriage return at its end is no part of what is shown of a line, and of the file all the same. */
function textOf(line: Line): string {
  return line.cr === true ? `${line.text}\r` : line.text;
}

/** Without the end of the last line: lines are joined by ends. */
function decoded(bytes: Uint8Array): Text {
  const end = bytes.at(-1) === 10 ? bytes.length - 1 : bytes.length;
  const body = bytes.subarray(0, end);
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body), lossy: false };
  } catch {
    return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(body), lossy: true };
  }
}

/** The bytes of lines that are held whole. */
export function heldBytes(rows: readonly LineRow[]): Blob {
  return new Blob(rows.flatMap(({ line }) => [bytesOf(line), line.cr === true ? "\r\n" : "\n"]));
}
