// What keys do to a view, and which of its bars they have opened: what the same key means depends on what is being found, selected, marked.
// Between `acting.svelte.ts`, which knows what was asked for, and the parts of `parts/LogView.svelte`. It touches no document itself.

import { PASS, type Handlers } from "./acting.svelte";
import type { ViewAddress } from "./address";
import { ofWords, withOne } from "./highlights";
import { LIVE } from "./standpoint";

/** The parts of a view that keys are for; bars come and go. */
export interface Parts {
  list: List | undefined;
  find: { focus(): void; next(direction: 1 | -1): void; highlight(): void } | undefined;
  filter: { focus(): void } | undefined;
  bar: { options(): void; give(): unknown } | undefined;
}

/** The rows, as far as keys move them. */
interface List {
  byRows(count: number): void;
  byPage(direction: 1 | -1): void;
  sideways(direction: 1 | -1): void;
  selectBy(count: number): void;
  open(): void;
  openMenu(): void;
}

/** How a view stands. */
export interface Standing {
  address: ViewAddress;
  following: boolean;
  /** What was looked for last, also after the bar was closed. */
  sought: string | null;
  selected: boolean;
}

/** A view, as far as keys are for it. */
export interface Keyed {
  parts(): Parts;
  stands(): Standing;
  moves: { toStart(): unknown; toEnd(): unknown; pause(): unknown };
  go(address: ViewAddress, how: "push" | "replace"): void;
  /** Opens the bar that finds, and leads to the next of that. */
  look(highlight: string, direction: 1 | -1): void;
  /** All lines, or none. */
  select(what: "all" | "nothing"): void;
  connect(): void;
  wrap(): void;
  /** Words that are selected in the document. */
  words(): string | null;
  /** Takes the focus from what has it; false where nothing has. */
  letGo(): boolean;
}

export class ViewKeys {
  finding = $state(false);
  filtering = $state(false);
  seeking = $state(false);

  constructor(private readonly view: Keyed) {}

  /** What each key does. */
  handlers(): Handlers {
    const { view } = this;
    const list = (): List | undefined => view.parts().list;
    return {
      "view.down": () => list()?.byRows(2),
      "view.up": () => list()?.byRows(-2),
      "view.pagedown": () => list()?.byPage(1),
      "view.pageup": () => list()?.byPage(-1),
      "view.start": () => view.moves.toStart(),
      "view.end": () => view.moves.toEnd(),
      "view.follow": () => (view.stands().following ? view.moves.pause() : view.moves.toEnd()),
      "view.find": () => this.#find(),
      "view.next": () => this.#next(1),
      "view.previous": () => this.#next(-1),
      "found.next": () => this.#found(1),
      "found.previous": () => this.#found(-1),
      "view.highlight": () => this.#highlight(),
      "view.goto": () => (this.seeking = true),
      "view.left": () => list()?.sideways(-1),
      "view.right": () => list()?.sideways(1),
      "view.wrap": () => view.wrap(),
      "view.options": () => view.parts().bar?.options(),
      "line.menu": () => list()?.openMenu(),
      "line.open": () => list()?.open(),
      "view.filter": () => this.#filter(),
      "view.share": () => view.parts().bar?.give(),
      "view.wall": () => this.#wall(),
      "view.connect": () => view.connect(),
      "select.down": () => list()?.selectBy(1),
      "select.up": () => list()?.selectBy(-1),
      "select.all": () => view.select("all"),
      back: () => this.#back(),
    };
  }

  /** With one more highlight, as long as there is a colour for it. */
  keep(highlight: string): void {
    const { address } = this.view.stands();
    const lit = withOne(address.lit, highlight);
    if (lit) this.view.go({ ...address, lit }, "replace");
  }

  #find(): void {
    this.finding = true;
    this.view.parts().find?.focus();
  }

  /** To the next hit; where nothing is being found, of what was looked for last. */
  #next(direction: 1 | -1): void {
    const { sought } = this.view.stands();
    if (this.finding) this.view.parts().find?.next(direction);
    else if (sought !== null) this.view.look(sought, direction);
    else this.#find();
  }

  /** A key that is another one's while nothing is being found. */
  #found(direction: 1 | -1): typeof PASS | void {
    if (!this.finding) return PASS;
    this.view.parts().find?.next(direction);
  }

  /** Words that are selected, else what is being found; with neither there is something to be typed first. */
  #highlight(): void {
    const words = this.view.words();
    if (words !== null) this.keep(ofWords(words));
    else if (this.finding) this.view.parts().find?.highlight();
    else this.#find();
  }

  #filter(): void {
    this.filtering = true;
    this.view.parts().filter?.focus();
  }

  #wall(): void {
    const { address } = this.view.stands();
    this.view.go({ ...address, wall: !address.wall }, "push");
  }

  /** One step back: out of what has the focus, then what is found, the selection, the mark of a line, the wall. */
  #back(): typeof PASS | void {
    const { view } = this;
    if (view.letGo()) return;
    const { address, selected } = view.stands();
    if (this.finding) this.finding = false;
    else if (selected) view.select("nothing");
    else if (address.at !== null) view.go({ ...address, ...LIVE }, "replace");
    else if (address.wall) this.#wall();
    else return PASS;
  }
}
