// Who does what an action asks for: components offer handlers while they are there, and the keyboard, the palette and the buttons ask
// here. The newest offer is asked first, and may pass on what it has no use for; so Escape goes one step back at a time.

import { untrack } from "svelte";
import { ACTIONS, actionOf, IDS, keysOf, WIDE, type ActionId, type Place } from "./actions";
import { isPressed, isSingle, placeOf } from "./keys";

/** Nothing of mine to do, ask the one before. A word of its own: `() => (open = false)` gives a `false` that means nothing. */
export const PASS = Symbol("pass");
/** Whatever it gives but `PASS` means that it is done. */
export type Handler = () => unknown;
export type Handlers = Partial<Record<ActionId, Handler>>;

interface Offer {
  readonly handlers: Handlers;
  /** Whether it is for this one now, as of several panes one is chosen. */
  readonly on: () => boolean;
  /** A dialog: while it is open, nothing behind it is asked. */
  readonly alone: boolean;
}

export interface OfferOptions {
  on?: () => boolean;
  alone?: boolean;
}

const SINGLE = "tailcast.singlekeys";

class Acting {
  #offers = $state.raw<readonly Offer[]>([]);
  #single = $state(localStorage.getItem(SINGLE) !== "off");

  /** Whether keys without Ctrl do anything: who speaks to the computer may not want that (WCAG 2.1.4). */
  get single(): boolean {
    return this.#single;
  }

  set single(on: boolean) {
    this.#single = on;
    localStorage.setItem(SINGLE, on ? "on" : "off");
  }

  /** Offers handlers until the returned function is called. */
  offer(handlers: Handlers, { on = () => true, alone = false }: OfferOptions = {}): () => void {
    const offer = { handlers, on, alone };
    // Whoever offers does not depend on who else does.
    this.#offers = [offer, ...untrack(() => this.#offers)];
    return () => (this.#offers = this.#offers.filter((each) => each !== offer));
  }

  can(id: ActionId): boolean {
    return this.#asked().some(({ handlers }) => handlers[id]);
  }

  /** All that can be done now, dialogs that are open not regarded: one of them is what asks. */
  possible(): ActionId[] {
    const offers = this.#offers.filter(({ alone, on }) => !alone && on());
    return IDS.filter((id) => actionOf(id).bare !== true && offers.some(({ handlers }) => handlers[id]));
  }

  /** Whether anybody did it. */
  run(id: ActionId): boolean {
    return this.#asked().some(({ handlers }) => {
      const handler = handlers[id];
      return handler !== undefined && handler() !== PASS;
    });
  }

  /** A key on the window. */
  press(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    const at = placeOf(event.target);
    const id = IDS.find((each) => WIDE.has(ACTIONS[each].where) && this.#means(each, event, at) && this.can(each));
    if (id === undefined) return;
    // What passes it on to nobody leaves the key to the browser.
    if (this.run(id)) event.preventDefault();
  }

  #means(id: ActionId, event: KeyboardEvent, at: "page" | "control" | "field"): boolean {
    const chord = keysOf(id).find((each) => isPressed(each, event));
    if (chord === undefined) return false;
    if (isSingle(chord)) return at !== "field" && this.#single;
    if (at === "field") return actionOf(id).typing === true;
    // On a control these two press it.
    return !(at === "control" && /(Space|Enter)$/.test(chord));
  }

  #asked(): readonly Offer[] {
    const top = this.#offers.findIndex(({ alone }) => alone);
    const reached = top < 0 ? this.#offers : this.#offers.slice(0, top + 1);
    return reached.filter(({ on }) => on());
  }
}

export const acting = new Acting();

/** Offers handlers as long as the component that asks is there. */
export function offer(handlers: Handlers, options?: OfferOptions): void {
  $effect(() => acting.offer(handlers, options));
}

/** The keys of a part that has the focus; what is done with one goes no further. */
export function keysIn(place: Place, handlers: Handlers): (event: KeyboardEvent) => void {
  const ids = IDS.filter((id) => ACTIONS[id].where === place);
  return (event) => {
    const id = ids.find((each) => keysOf(each).some((chord) => isPressed(chord, event)));
    if (id === undefined || handlers[id] === undefined || handlers[id]() === PASS) return;
    event.preventDefault();
    event.stopPropagation();
  };
}
