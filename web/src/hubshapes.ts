// What the hub says of itself, as types: `GET hub` and the tokens. `docs/openapi.json` describes them.

export interface HubNow {
  version: string;
  /** RFC 3339; another one is another start of the hub, whose counters begin anew. */
  started: string;
  /** The hub's clock. */
  now: string;
  /** Seconds. */
  uptime: number;
  address: string | null;
  descriptors: Descriptors;
  viewers: Viewers;
  queues: Queues;
  counters: Counters;
  agents: Agents;
  /** Null for a hub that is alone. */
  cluster: Cluster | null;
}

export interface Cluster {
  name: string;
  /** What this hub is called in it. */
  hub: string;
  /** Why the broker is away; null while it is there. */
  broker_down: string | null;
  published: number;
  received: number;
  dropped: number;
  /** Messages of another key. */
  foreign: number;
  /** Channels that are published for other hubs. */
  granted: number;
  hubs: OtherHub[];
  clocks_off: { name: string; ahead_milliseconds: number }[];
}

export interface OtherHub {
  name: string;
  version: string;
  url: string;
  silent_milliseconds: number;
  ahead_milliseconds: number;
  hosts: number;
}

export interface Descriptors {
  used: number;
  /** Of those, the ones with numbers above the limit: they take no room under it. */
  beyond: number;
  limit: number;
  hard: number;
  /** Of the hub, for a command on its machine. */
  pid: number;
  classes: { class: string; used: number; floor: number; ceiling: number }[];
}

export const TRANSPORTS = ["json", "cbor", "events", "text"] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface Viewers {
  open: number;
  by_transport: Record<Transport, number>;
  lagging: number;
  worst: Laggard[];
}

export interface Laggard {
  log: string;
  transport: string;
  /** Null unless the owner asks. */
  client: string | null;
  since: string;
  milliseconds: number;
  /** Null when they are in an older life of the file. */
  bytes: number | null;
}

export interface Queues {
  channels: number;
  ring_bytes: number;
  ring_bound: number;
  held_bytes: number;
  held_bound: number;
  waiting: number;
}

export interface Counters {
  opened: number;
  lines: number;
  bytes: number;
  gaps: number;
  lost: number;
  skips: number;
  silent: number;
  accepted: number;
  refused: number;
  unanswered: number;
  shed: number;
}

export interface Agents {
  up: number;
  lost: number;
  rows: AgentRow[];
  more: number;
}

export interface AgentRow {
  name: string;
  state: "up" | "lost";
  since: string;
  version: string;
  offers: string[];
  offered: number;
  words: string | null;
  why?: string | null;
  link: AgentLink | null;
}

export interface AgentLink {
  own: boolean;
    /** The hub that it is linked to, by name; null for this one. */
    hub: string | null;
  client: string | null;
  received: number;
  sent: number;
  silent_milliseconds: number | null;
  round_trip_microseconds: number | null;
}

export interface TokenRow {
  name: string;
  kind: "viewer" | "agent" | "push";
  /** Of an agent. */
  hosts: string[];
  /** Of a token to push with: patterns over HOST:NAME. */
  logs: string[];
  created: string;
}

export interface NewToken {
  name: string;
  token: string;
}
