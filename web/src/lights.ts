// Lights up what is found, highlighted or wanted by a filter, without touching the rows: the browser's highlights are ranges over the text as it stands in the document.
// The names are the document's (`page.css` says what they look like), so all views share them, and each takes away only what is its own.

import type { Filter } from "./address";
import { matcher, spans } from "./find";
import { regexesOf } from "./highlights";
import type { Row } from "./stream";

export interface Lit {
  regex: RegExp;
  /** The line that was come to last. */
  current: number | null;
}

/** Later ones lie over earlier ones. */
const NAMES = ["wanted", "lit-0", "lit-1", "lit-2", "lit-3", "lit-4", "lit-5", "found", "found-now"] as const;
type Name = (typeof NAMES)[number];

/** What is lit up whichever line it is in, and how that looks. */
export interface Lamp {
  name: Exclude<Name, "found" | "found-now">;
  regex: RegExp;
}

/** The lamps of what a filter wants, and of what is highlighted in a view. */
export function lampsOf(filter: Filter, lit: readonly string[]): Lamp[] {
  const wanted = filter.grep.flatMap((pattern) => matcher(pattern, filter.ignoreCase) ?? []);
  const kept = regexesOf(lit).flatMap((regex, i) => (regex ? { name: `lit-${i}` as Lamp["name"], regex } : []));
  return [...wanted.map((regex): Lamp => ({ name: "wanted", regex })), ...kept];
}

/** A line that is longer is not looked through for a hit that its row does not show. */
const LONGEST = 64 * 1024;

export class Lights {
  #own: { name: Name; range: Range }[] = [];

  /** Lights up the rows of a list, which are in its children's order: what is found, and what the lamps are for. */
  show(found: Lit | null, lamps: readonly Lamp[], rows: readonly Row[], list: HTMLElement): void {
    this.end();
    for (const [i, row] of rows.entries()) {
      const text = list.children[i]?.querySelector(".text");
      if (row.kind !== "line" || !text) continue;
      for (const { name, regex } of lamps) this.#lightAll(name, regex, text, row.line.text);
      if (found) this.#lightAll(row.id === found.current ? "found-now" : "found", found.regex, text, row.line.text);
    }
  }

  /** What matches in the line and not in what the row shows of it, as across the fields of a line of JSON, lights up the row. */
  #lightAll(name: Name, regex: RegExp, element: Element, text: string): void {
    const ranges = rangesIn(element, regex);
    for (const range of ranges) this.#light(name, range);
    regex.lastIndex = 0;
    if (ranges.length > 0 || text.length > LONGEST || !regex.test(text)) return;
    const all = new Range();
    all.selectNodeContents(element);
    this.#light(name, all);
  }

  end(): void {
    for (const { name, range } of this.#own) CSS.highlights?.get(name)?.delete(range);
    this.#own = [];
  }

  #light(name: Name, range: Range): void {
    // An old browser finds and counts, and lights up nothing.
    if (!("highlights" in CSS)) return;
    let highlight = CSS.highlights.get(name);
    if (!highlight) {
      highlight = new Highlight();
      highlight.priority = NAMES.indexOf(name);
      CSS.highlights.set(name, highlight);
    }
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
