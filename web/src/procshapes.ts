// What hosts say of their processes, by the names that `docs/openapi.json` has for it.

import type { components } from "./generated/openapi";

type Shapes = components["schemas"];
export type AllProcesses = Shapes["AllProcesses"];
export type HostProcess = Shapes["HostProcess"];
export type AskedHost = Shapes["AskedHost"];
export type Process = Shapes["Process"];
export type ProcessDetail = Shapes["ProcessDetail"];
export type Finding = Shapes["Finding"];
export type Hidden = Shapes["Hidden"];
export type HostSockets = Shapes["HostSockets"];
export type Limits = Shapes["Limits"];
export type Waiting = Shapes["Waiting"];
export type Listener = Shapes["Listener"];
export type OpenFile = Shapes["OpenFile"];
export type Peer = Shapes["Peer"];
export type Point = Shapes["Point"];
export type Remedy = Shapes["Remedy"];
export type Ceiling = Shapes["Ceiling"];
export type Phrase = Shapes["Phrase"];

/** A process, told from all others that had its number before. */
export function keyOf({ host, pid, start }: HostProcess): string {
  return `${host} ${pid} ${start}`;
}
