// The last line of a log while it has no end: a crash's last words, or a prompt. Lines are sent when they end, so that of such a one only
// the edge tells, as bytes that are still to come; it would be "16 B behind" for ever. Where two edges in a row say the same, the bytes that
// stand there are asked for once. Between the live events and the viewer, which shows the line below the rows.
//
// A line that is being written goes on being behind: it is asked for when its writer rests.

import type { EdgeEvent, LogName, Position } from "./shapes";

/** More bytes without an end are no line that one waits for. */
export const LONGEST_HALF = 64 * 1024;

interface Half {
  position: Position;
  bytes: number;
  /** Null while that is not known, or where something else is still to come. */
  text: string | null;
}

export class Halves {
  #halves = new Map<LogName, Half>();
  #asked = new WeakSet<Half>();

  /** `rest`: the bytes of a log from a position to its end, as they stand; null where they are too many. */
  constructor(
    private readonly rest: (log: LogName, from: Position) => Promise<Uint8Array | null>,
    private readonly changed: () => void,
  ) {}

  edge({ log, position, behind = 0 }: EdgeEvent): void {
    const known = this.#halves.get(log);
    if (position === undefined || behind === 0 || behind > LONGEST_HALF) return this.ended(log);
    if (known?.position !== position || known.bytes !== behind) return void this.#halves.set(log, { position, bytes: behind, text: null });
    if (!this.#asked.has(known)) void this.#ask(log, known);
  }

  /** Lines came, or something befell the log: what was half is no more. */
  ended(log: LogName): void {
    this.#halves.delete(log);
  }

  text(log: LogName): string | null {
    return this.#halves.get(log)?.text ?? null;
  }

  /** Bytes that are known to be a half line: nothing of the log is still to come but these. */
  bytes(log: LogName): number {
    const half = this.#halves.get(log);
    return half !== undefined && half.text !== null ? half.bytes : 0;
  }

  async #ask(log: LogName, half: Half): Promise<void> {
    this.#asked.add(half);
    const rest = await this.rest(log, half.position).catch(() => {
      // Overtaken by a jump, or an answer that did not come: the next edge asks again.
      this.#asked.delete(half);
      return null;
    });
    const text = rest?.length === half.bytes ? textOf(rest) : null;
    if (text === null || this.#halves.get(log) !== half) return;
    half.text = text;
    this.changed();
  }
}

/** Null for what is more than one line. NUL bytes belong to it: a crash leaves blocks of them. */
function textOf(bytes: Uint8Array): string | null {
  return bytes.includes(0x0a) ? null : new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/** A line in the middle of a file has no mark that would name its encoding; letters of UTF-16 are told by every second byte. */
function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  const empty = (from: 0 | 1): boolean => bytes.every((byte, i) => i % 2 !== from || byte === 0);
  if (bytes.length < 2 || empty(0) === empty(1)) return "utf-8";
  return empty(1) ? "utf-16le" : "utf-16be";
}
