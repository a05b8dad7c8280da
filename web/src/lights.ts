// Lights up what is found, without touching the rows: the browser's highlights are ranges over the text as it stands in the document.
// The names are the document's (`page.css` says what they look like), so all views share them, and each takes away only what is its own.

import { spans } from "./find";
import type { Row } from "./stream";

export interface Lit {
  regex: RegExp;
  /** The line that was come to last. */
  current: number | null;
}

const NAMES = { all: "found", current: "found-now" } as const;

export class Lights {
  #own: { name: string; range: Range }[] = [];

  /** Lights up the rows of a list, which are in its children's order. */
  show({ regex, current }: Lit, rows: readonly Row[], list: HTMLElement): void {
    this.end();
    for (const [i, row] of rows.entries()) {
      const text = list.children[i]?.querySelector(".text");
      if (row.kind !== "line" || !text) continue;
      for (const range of rangesIn(text, regex)) this.#light(row.id === current ? NAMES.current : NAMES.all, range);
    }
  }

  end(): void {
    for (const { name, range } of this.#own) CSS.highlights?.get(name)?.delete(range);
    this.#own = [];
  }

  #light(name: string, range: Range): void {
    // An old browser finds and counts, and lights up nothing.
    if (!("highlights" in CSS)) return;
    let highlight = CSS.highlights.get(name);
    if (!highlight) CSS.highlights.set(name, (highlight = new Highlight()));
    highlight.add(range);
    this.#own.push({ name, range });
  }
}

/** Ranges over the text nodes of an element, but not over those of its buttons. */
function rangesIn(element: Element, regex: RegExp): Range[] {
  const nodes: { node: Node; start: number }[] = [];
  let text = "";
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement?.closest("button")) continue;
    nodes.push({ node, start: text.length });
    text += node.nodeValue ?? "";
  }
  return spans(regex, text).map(([from, to]) => {
    const range = new Range();
    const [first, last] = [nodes.findLast(({ start }) => start <= from), nodes.findLast(({ start }) => start < to)];
    if (first) range.setStart(first.node, from - first.start);
    if (last) range.setEnd(last.node, to - last.start);
    return range;
  });
}
