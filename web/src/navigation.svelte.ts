// Where the page is: the browser's address as state, and the moves between addresses. Back and forward just work,
// since the address is the only place where it is kept. One per document.

import { formatAddress, isElsewhere, parseAddress, type Address } from "./address";

const base = new URL(document.baseURI).pathname;

class Navigation {
  #address = $state.raw<Address>(parseAddress(new URL(location.href), base));

  /** There is no page at this address. */
  readonly elsewhere = $derived(this.#address && isElsewhere(new URL(location.href), base));

  /** Puts what is seen into the address. */
  #settle: (() => void) | null = null;

  constructor() {
    window.addEventListener("pagehide", () => this.settle());
    window.addEventListener("popstate", () => {
      this.#address = parseAddress(new URL(location.href), base);
    });
  }

  get address(): Address {
    return this.#address;
  }

  /** Whoever is asked what is seen, before another address takes the place of this one, until the returned function is called. */
  settling(settle: () => void): () => void {
    this.#settle = settle;
    return () => {
      if (this.#settle === settle) this.#settle = null;
    };
  }

  /** The address is that of what is seen, at once. */
  settle(): void {
    this.#settle?.();
  }

  /** Goes on to another address; `replace` for a change of mind, such as each letter of a filter. */
  go(address: Address, how: "push" | "replace" = "push"): void {
    if (how === "push") this.settle();
    const url = href(address);
    if (how === "push") history.pushState(null, "", url);
    else history.replaceState(null, "", url);
    this.#address = address;
  }
}

export const navigation = new Navigation();

/** Attributes of a link within the page; with a key held or another button the browser does what it always does. */
export function link(address: Address): { href: string; onclick: (event: MouseEvent) => void } {
  const onclick = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigation.go(address);
  };
  return { href: href(address), onclick };
}

function href(address: Address): string {
  return base + formatAddress(address);
}
