// A log's text made fit to be seen: terminal sequences removed, control and direction characters made visible.
// Its last station before a text node. Bytes of a log are never markup and never an instruction to a terminal or to the
// layout; so it makes strings, and nothing here or behind it makes HTML. `pieces.ts` does the same and keeps the colours.

/**
 * What a terminal obeys (ECMA-48 §5.4, §5.6, §8.3.89): control sequences, strings such as titles that have an end, single-letter escapes.
 * A string without an end would hide the rest of the line, so it is none.
 */
// oxlint-disable-next-line no-control-regex
export const TERMINAL = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-OQ-WYZ\\`-~])/g;

/**
 * C0 but tab, DEL, C1, and what reorders or hides text (UAX #9, UTR #36): a line must not read otherwise than it is. Joiners stay where a
 * script or a picture needs them. The replacement character stands for bytes that are no text.
 */
export const HIDDEN =
  // oxlint-disable-next-line no-control-regex
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffd\u{e0000}-\u{e007f}]|(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}\ufe0f]|[^\p{Script=Latin}\P{L}])[\u200c\u200d]/gu;

/** Text in which nothing is hidden, as most is: told in one pass. */
const PLAIN = /^[\t -~]*$/;

/** What a person may see of a line. A carriage return at its end is how the other systems end lines. */
export function visible(text: string): string {
  return PLAIN.test(text) ? text : text.replace(TERMINAL, "").replace(/\r$/, "").replace(HIDDEN, show);
}

export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** C0 and DEL have pictures of their own (U+2400); the others are named by number. */
export function show(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0xfffd) return character;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `⟨${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** The first characters of a text, never half of a surrogate pair. */
export function beginning(text: string, length: number): string {
  return stretch(text, 0, length);
}

/** A stretch of a text, with no half of a surrogate pair at either end: what is left out at one is in the next. */
export function stretch(text: string, from: number, to: number): string {
  return text.slice(whole(text, from), to >= text.length ? text.length : whole(text, to));
}

function whole(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  return at > 0 && before >= 0xd800 && before <= 0xdbff ? at - 1 : at;
}
