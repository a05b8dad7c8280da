// Bytes as people read them: offset, sixteen in hexadecimal, and the letters among them. Pure; a page at a time, however many there are.

import type { Line } from "./shapes";

/** Bytes in one row. */
const WIDE = 16;

/** The bytes of a line; of those that are text the hub sends no others. */
export function bytesOf(line: Line): Uint8Array<ArrayBuffer> {
  if (line.bytes === undefined) return new TextEncoder().encode(line.text);
  return Uint8Array.from(atob(line.bytes), (character) => character.charCodeAt(0));
}

/** Rows of the first so many bytes; offsets count in the line. */
export function hexOf(bytes: Uint8Array, most: number): string {
  const rows: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += WIDE) {
    const row = [...bytes.subarray(at, at + WIDE)];
    const pairs = row.map((byte) => byte.toString(16).padStart(2, "0"));
    const halves = [pairs.slice(0, WIDE / 2).join(" "), pairs.slice(WIDE / 2).join(" ")].join("  ");
    rows.push(`${at.toString(16).padStart(6, "0")}  ${halves.padEnd(3 * WIDE)}  ${row.map(letter).join("")}`);
  }
  return rows.join("\n");
}

function letter(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}
