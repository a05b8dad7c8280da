// Colours and faces that a program wrote into its lines for a terminal: SGR (ECMA-48 §8.3.117), with the 16, the 256 and all colours.
// Every other sequence is dropped and does nothing. Between a line's text and its pieces (`pieces.ts`). Pure.
//
// The 16 are the page's own (`tokens.css`), which can be read on its grounds in light and dark; others keep their hue and are made lighter or
// darker where they could not be read. What a log hides, blinks or paints in the colour of its ground is shown all the same.

import { TERMINAL } from "./text";

/** One of the 16 by number, or any as `#rrggbb`. */
export type Colour = number | string;

export interface Look {
  colour: Colour | null;
  ground: Colour | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
  strike: boolean;
}

export interface Run {
  text: string;
  look: Look;
}

export const NO_LOOK: Look = { colour: null, ground: null, bold: false, dim: false, italic: false, underline: false, inverse: false, strike: false };

// oxlint-disable-next-line no-control-regex
const SGR = /^\x1b\[([\d;:]*)m$/;
/** Levels of red, green and blue in the 6 × 6 × 6 colours of 256. */
const CUBE = [0, 95, 135, 175, 215, 255];

/** The text in stretches of one look each; at most so many, the rest as it stands in the last look. */
export function runsOf(text: string, most: number): Run[] {
  const runs: Run[] = [];
  let look = NO_LOOK;
  let from = 0;
  for (const { 0: sequence, index } of text.matchAll(TERMINAL)) {
    put(runs, text.slice(from, index), look);
    from = index + sequence.length;
    const parameters = SGR.exec(sequence)?.[1];
    if (parameters !== undefined) look = runs.length < most ? changed(look, parameters) : NO_LOOK;
  }
  put(runs, text.slice(from), look);
  return runs;
}

function put(runs: Run[], text: string, look: Look): void {
  const last = runs.at(-1);
  if (last?.look === look) last.text += text;
  else if (text !== "") runs.push({ text, look });
}

/** `1;38;5;208`, also with colons within one (`38:2::255:128:0`). */
function changed(look: Look, parameters: string): Look {
  const codes = parameters.split(";").map((part) => part.split(":").map(Number));
  let next = look;
  for (let i = 0; i < codes.length; i++) {
    const [code = 0, ...inner] = codes[i] ?? [];
    if (code !== 38 && code !== 48) {
      next = simple(next, code, inner[0]);
      continue;
    }
    const own = inner.length > 0;
    const rest = own ? inner : codes.slice(i + 1, i + 5).map(([value = 0]) => value);
    const colour = extended(rest, own);
    if (colour !== null) next = { ...next, [code === 38 ? "colour" : "ground"]: colour };
    if (!own) i += rest[0] === 2 ? 4 : 2;
  }
  return next;
}

const FACES: Readonly<Record<number, Partial<Look>>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { strike: false },
  39: { colour: null },
  49: { ground: null },
};

function simple(look: Look, code: number, inner: number | undefined): Look {
  if (code === 0) return NO_LOOK;
  if (code === 4 && inner === 0) return { ...look, underline: false };
  const face = FACES[code];
  if (face) return { ...look, ...face };
  for (const [first, bright] of [[30, 0], [90, 8]] as const) {
    if (code >= first && code < first + 8) return { ...look, colour: code - first + bright };
    if (code >= first + 10 && code < first + 18) return { ...look, ground: code - first - 10 + bright };
  }
  return look;
}

/** Of the 256, or red, green and blue; with colons a colour space may stand before those. */
function extended(values: readonly number[], colons: boolean): Colour | null {
  if (values[0] === 5) return of256(values[1] ?? -1);
  if (values[0] !== 2) return null;
  const rgb = colons && values.length > 4 ? values.slice(2, 5) : values.slice(1, 4);
  return rgb.length === 3 ? hex(rgb) : null;
}

function of256(n: number): Colour | null {
  if (!Number.isInteger(n) || n < 0 || n > 255) return null;
  if (n < 16) return n;
  if (n >= 232) return hex(Array<number>(3).fill(8 + 10 * (n - 232)));
  const c = n - 16;
  return hex([Math.floor(c / 36), Math.floor(c / 6) % 6, c % 6].map((level) => CUBE[level] ?? 0));
}

function hex(rgb: readonly number[]): string | null {
  if (rgb.some((value) => !Number.isInteger(value) || value < 0 || value > 255)) return null;
  return `#${rgb.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Whether black is read more easily than white on a ground `#rrggbb` (WCAG 2, relative luminance). */
export function isLight(ground: string): boolean {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => (parseInt(ground.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18;
}
