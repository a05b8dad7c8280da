// Lights up what is found, highlighted or wanted by a filter, without touching the rows: the browser's highlights are ranges over the text as it stands in the document.
// The names are the document's (`page.css` says what they look like), so all views share them, and each takes away only what is its own.
//
// What a pattern matches may be known only a moment later (`patterns.svelte.ts`). Then a row is lit up a moment later; those that were, stay.

import type { Filter } from "./address";
import { patterns, Room, type Pattern, type Wanted } from "./patterns.svelte";
import type { LineRow, Row } from "./stream";

export interface Lit {
  pattern: Pattern;
  /** The line that was come to last. */
  current: number | null;
}

/** Later ones lie over earlier ones. */
const NAMES = ["wanted", "lit-0", "lit-1", "lit-2", "lit-3", "lit-4", "lit-5", "found", "found-now"] as const;
type Name = (typeof NAMES)[number];

/** What is lit up whichever line it is in, and how that looks. */
export interface Lamp {
  name: Exclude<Name, "found" | "found-now">;
  pattern: Pattern;
}

/** The hub refuses a filter of more patterns. */
const MOST_WANTED = 16;

/** The lamps of what a filter wants, and of what is highlighted in a view. One that the browser does not know lights up nothing, and keeps its colour. */
export function lampsOf(filter: Filter, lit: readonly string[]): Lamp[] {
  const named = (name: Lamp["name"], words: string, ignoreCase: boolean): Lamp[] => {
    const pattern = patterns.of(words, ignoreCase);
    return pattern ? [{ name, pattern }] : [];
  };
  const wanted = filter.grep.slice(0, MOST_WANTED).flatMap((words) => named("wanted", words, filter.ignoreCase));
  return [...wanted, ...lit.flatMap((words, i) => named(`lit-${i}` as Lamp["name"], words, false))];
}

/** A line that is longer is not looked through for a hit that its row does not show. */
const LONGEST = 64 * 1024;

/** What is asked of patterns, each one question at a time. */
type Answered = Pattern["spans"] | Pattern["any"];

export class Lights {
  #own: { name: Name; range: Range }[] = [];
  #room = new Room();
  #unknown = new Map<Answered, Wanted[]>();
  #asked = new Set<Answered>();

  /** `again`: more is known of the rows that were shown. */
  constructor(private readonly again: () => void) {}

  /** Lights up the rows of a list, which are in its children's order: what is found, and what the lamps are for. */
  show(found: Lit | null, lamps: readonly Lamp[], rows: readonly Row[], list: HTMLElement): void {
    this.end();
    // An old browser finds and counts, and lights up nothing.
    if (!("highlights" in CSS)) return;
    this.#room = new Room();
    this.#unknown = new Map();
    for (const [i, row] of rows.entries()) {
      const element = list.children[i]?.querySelector(".text");
      if (row.kind !== "line" || !element) continue;
      const shown = new Shown(element);
      for (const { name, pattern } of lamps) this.#lightAll(name, pattern, shown, row);
      if (found) this.#lightAll(row.id === found.current ? "found-now" : "found", found.pattern, shown, row);
    }
    for (const [answered, wanted] of this.#unknown) void this.#learn(answered, wanted);
  }

  async #learn(answered: Answered, wanted: readonly Wanted[]): Promise<void> {
    if (this.#asked.has(answered)) return;
    this.#asked.add(answered);
    const learned = await answered.learn(wanted);
    this.#asked.delete(answered);
    if (learned) this.again();
  }

  /** What matches in the line and not in what the row shows of it, as across the fields of a line of JSON, lights up the row. */
  #lightAll(name: Name, pattern: Pattern, shown: Shown, { line }: LineRow): void {
    if (!pattern.open) return;
    const spans = this.#ask(pattern.spans, { line, text: shown.text });
    for (const [from, to] of spans ?? []) this.#light(name, shown.range(from, to));
    if (spans?.length !== 0 || line.text === shown.text || line.text.length > LONGEST) return;
    if (this.#ask(pattern.any, { line, text: line.text })) this.#light(name, shown.all());
  }

  /** What is not known is noted, to be asked. */
  #ask<Kind extends Answered>(answered: Kind, wanted: Wanted): ReturnType<Kind["at"]> {
    const answer = answered.at(wanted, this.#room);
    if (answer === undefined) {
      const unknown = this.#unknown.get(answered) ?? [];
      this.#unknown.set(answered, unknown);
      unknown.push(wanted);
    }
    return answer as ReturnType<Kind["at"]>;
  }

  end(): void {
    for (const { name, range } of this.#own) CSS.highlights?.get(name)?.delete(range);
    this.#own = [];
  }

  #light(name: Name, range: Range): void {
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

/** The text of a row as it stands in the document, but for that of its buttons. */
class Shown {
  readonly text: string;
  readonly #nodes: { node: Node; start: number }[] = [];

  constructor(private readonly element: Element) {
    let text = "";
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement?.closest("button")) continue;
      this.#nodes.push({ node, start: text.length });
      text += node.nodeValue ?? "";
    }
    this.text = text;
  }

  range(from: number, to: number): Range {
    const range = new Range();
    const [first, last] = [this.#nodes.findLast(({ start }) => start <= from), this.#nodes.findLast(({ start }) => start < to)];
    if (first) range.setStart(first.node, from - first.start);
    if (last) range.setEnd(last.node, to - last.start);
    return range;
  }

  all(): Range {
    const range = new Range();
    range.selectNodeContents(this.element);
    return range;
  }
}
