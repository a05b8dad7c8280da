// What the pointer is at in a row, as something to look for: letters that are selected, a field of a line of JSON, or a word.
// Between a row in the document and its menu (`parts/RowMenu.svelte`).

import { visible } from "./text";
import { memberPattern, patternOf, wordAt } from "./word";
import type { Field } from "./fields";

export interface Pointed {
  words: string;
  pattern: string;
}

/** Letters that are selected: more are no pattern. */
const LONGEST = 200;

/** `fields`: those of the row, where it shows a line of JSON. */
export function pointedAt(target: Element, x: number, y: number, fields: readonly Field[]): Pointed | null {
  const letters = getSelection()?.toString().trim() ?? "";
  if (letters !== "" && letters.length < LONGEST && !letters.includes("\n")) return { words: letters, pattern: patternOf(letters) };
  const field = fields[Number(target.closest("[data-field]")?.getAttribute("data-field") ?? -1)];
  if (field && field.source.length < LONGEST) return { words: `${visible(field.key)}=${visible(field.value)}`, pattern: memberPattern(field.key, field.source) };
  const caret = caretAt(x, y);
  if (!caret?.node.parentElement?.closest(".text")) return null;
  const word = wordAt(caret.node.nodeValue ?? "", caret.offset);
  return word === null ? null : { words: word, pattern: patternOf(word) };
}

/** Browsers have two names for it. */
function caretAt(x: number, y: number): { node: Node; offset: number } | null {
  if ("caretPositionFromPoint" in document) {
    const caret = document.caretPositionFromPoint(x, y);
    return caret && { node: caret.offsetNode, offset: caret.offset };
  }
  const range = (document as Document).caretRangeFromPoint(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}
