// Which hosts and folders of the list are open. What nobody has touched is open as long as all of it fits a few screens. It lasts as long
// as the tab, so that one who comes back from a log finds the list as it was.

import { SvelteMap } from "svelte/reactivity";
import type { TreeRow } from "./tree";

/** With more logs than this, folders begin closed; with more hosts, hosts do. */
const FEW_LOGS = 150;
const FEW_HOSTS = 12;

const chosen = new SvelteMap<string, boolean>();

export function isOpen(id: string, kind: TreeRow["kind"], alone: boolean, logs: number, hosts: number): boolean {
  return chosen.get(id) ?? (kind === "host" ? hosts <= FEW_HOSTS : kind === "folder" && (alone || logs <= FEW_LOGS));
}

export function fold(id: string, open: boolean): void {
  chosen.set(id, open);
}
