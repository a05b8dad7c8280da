// What the palette offers and in which order, for what was typed: views of late, actions, hosts, logs. Pure; `Palette.svelte` shows it.

import type { ActionId } from "./actions";
import type { ViewAddress } from "./address";
import type { Named } from "./catalogue.svelte";
import { hayOf, ranked, type Found, type Hay } from "./seek";
import type { LogName } from "./shapes";

export type Choice =
  | { kind: "recent"; id: string; hay: Hay; address: ViewAddress }
  | { kind: "action"; id: string; hay: Hay; action: ActionId }
  | { kind: "host"; id: string; hay: Hay; host: string }
  | { kind: "log"; id: string; hay: Hay; log: LogName };

/** Rows that are shown; whoever wants more of them types another letter. */
export const MOST = 60;
/** Of each kind but the logs, when nothing is typed yet. */
const RECENT = 8;

export interface Offered {
  recents: readonly { words: string; address: ViewAddress }[];
  actions: readonly { words: string; action: ActionId }[];
  hosts: readonly string[];
  names: readonly Named[];
}

/** All that can be chosen, in the order that holds while nothing is typed. */
export function choicesOf({ recents, actions, hosts, names }: Offered): Choice[] {
  return [
    ...recents.map(({ words, address }, i): Choice => ({ kind: "recent", id: `r${i}`, hay: hayOf(words), address })),
    ...actions.map(({ words, action }): Choice => ({ kind: "action", id: `a${action}`, hay: hayOf(words), action })),
    ...hosts.map((host): Choice => ({ kind: "host", id: `h${host}`, hay: hayOf(host), host })),
    ...names.map(({ log, hay }): Choice => ({ kind: "log", id: `l${log}`, hay, log })),
  ];
}

/** The rows for a query; without one, what was looked at lately goes first. */
export function offeredFor(query: string, choices: readonly Choice[]): Found<Choice>[] {
  if (query.trim() !== "") return ranked(query, choices, ({ hay }) => hay, MOST);
  let recent = 0;
  const some = choices.filter(({ kind }) => kind !== "recent" || recent++ < RECENT);
  return some.slice(0, MOST).map((item) => ({ item, score: 0, marks: [] }));
}
