// A long text in bounded pages: its beginning, then as much more as the reader asks for, never so much that laying it out stops the browser
// (a mebibyte with wrapping does, for seconds). Behind so many pages the first ones are left out again. Pure.

import { beginning, stretch } from "./text";

/** Characters that are shown of a line at once. */
export const BEGINNING = 4000;
/** Characters that each page more brings. */
export const PAGE = 16_000;
/** Pages that stand in the document together. */
const TOGETHER = 3;

export interface TextPage {
  text: string;
  /** Characters that are left out above and below. */
  before: number;
  after: number;
}

/** Nothing of it is left out, as it is shown otherwise. */
export const WHOLE: TextPage = { text: "", before: 0, after: 0 };

export function pageOf(text: string, pages: number): TextPage {
  if (text.length <= BEGINNING) return { text, before: 0, after: 0 };
  if (pages === 0) {
    const shown = beginning(text, BEGINNING);
    return { text: shown, before: 0, after: text.length - shown.length };
  }
  const to = Math.min(text.length, BEGINNING + pages * PAGE);
  const from = pages > TOGETHER ? BEGINNING + (pages - TOGETHER) * PAGE : 0;
  return { text: stretch(text, from, to), before: from, after: text.length - to };
}
