// Text from outside made fit to be seen: names of processes, files and hosts, and what programs say. Control and direction characters are
// made visible, in the spelling of the command line (`harmless` in the crate `lines`), so that one name reads the same in both places.
// Its last station before a text node: nothing from outside is markup or an instruction to a terminal or to the layout; so it makes strings,
// and nothing here or behind it makes HTML. Of lines `pieces.ts` does the same and keeps the colours that a program gave them.

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

/** What a person may see of a text. Nothing is left out: a name that is one with a terminal sequence in it is another name without. */
export function visible(text: string): string {
  return PLAIN.test(text) ? text : text.replace(HIDDEN, show);
}

export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** `\x1b` for a byte of ASCII, `\u{202e}` for what lies beyond: every font has these letters, as it has not the pictures of U+2400. */
export function show(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0xfffd) return character;
  const digits = code.toString(16);
  return code < 0x80 ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
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
