// The pages that the frame leads to, in order. A page of its own is a line here, an address in `address.ts` and a part in `App.svelte`.

import type { ActionId } from "./actions";
import { HUB, START, type Address } from "./address";
import { m } from "./language";
import { PROCESSES } from "./procaddress";

export interface Place {
  /** The address with which it begins. */
  address: Address;
  /** Addresses that belong to it. */
  pages: readonly Address["page"][];
  words: () => string;
  /** What leads there from the palette and the keyboard. */
  action: ActionId;
}

export const PLACES: readonly Place[] = [
  { address: START, pages: ["list", "view"], words: () => m.frame_logs, action: "page.logs" },
  { address: PROCESSES, pages: ["processes"], words: () => m.frame_processes, action: "page.processes" },
  { address: HUB, pages: ["hub"], words: () => m.frame_hub, action: "page.hub" },
];
