// The key of an action beside its words, in titles and fields, as the reader's keyboard has it. The keys are those of `actions.ts`.

import { keysOf, type ActionId } from "./actions";
import { ariaOf, spell } from "./keys";

export const MAC = /Mac|iP(hone|ad)/.test(navigator.platform);

/** Its first key, as it is written on keyboards; empty where it has none. */
export function keyOf(id: ActionId): string {
  const [chord] = keysOf(id);
  return chord === undefined ? "" : spell(chord, MAC).join(" ");
}

/** The words, and the key behind them. */
export function hinted(words: string, id: ActionId): string {
  const key = keyOf(id);
  return key === "" ? words : `${words}  ( ${key} )`;
}

/** Attributes of a button that does the same as a key. */
export function keyed(words: string, id: ActionId): { title: string; "aria-keyshortcuts": string } {
  return { title: hinted(words, id), "aria-keyshortcuts": ariaOf(keysOf(id)) };
}
