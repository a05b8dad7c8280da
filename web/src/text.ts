// A log's text made fit to be seen: terminal sequences removed, control and direction characters made visible.
// Its last station before a text node. Bytes of a log are never markup and never an instruction to a terminal or to the
// layout; so it makes strings, and nothing here or behind it makes HTML.

/** CSI and OSC sequences and single-letter escapes (ECMA-48 §5.4, §8.3.89): colours and titles, of no use as text. */
// oxlint-disable-next-line no-control-regex
const TERMINAL = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-Z\\^-~])/g;

/** C0 but tab, DEL, C1, and what reorders or hides text (UAX #9 and UTR #36): a line must not read otherwise than it is. */
// oxlint-disable-next-line no-control-regex
const HIDDEN = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** What a person may see of a line. A carriage return at its end is how the other systems end lines. */
export function visible(text: string): string {
  return text.replace(TERMINAL, "").replace(/\r$/, "").replace(HIDDEN, show);
}

/** C0 and DEL have pictures of their own (U+2400); the others are named by number. */
function show(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `⟨${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** The first characters of a text, never half of a surrogate pair. */
export function beginning(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
