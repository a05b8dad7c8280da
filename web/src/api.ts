// Questions to the hub over HTTP: hosts, logs, pages of lines, logging in. All URLs are relative to <base href>, so that
// the page works under a base path. An answer other than 2xx is a `Refused` with the words of its problem+json;
// no answer at all is one too, with status 0. It keeps no state and never asks twice by itself.

import { filterPairs, formatQuery, type Filter, type Pair } from "./address";
import { hubWords, type Reason } from "./hubwords";
import { m } from "./language";
import { ROOT } from "./liveurl";
import { isRecord, type Connection, type HostEntry, type LinesPage, type LogName, type LogsPage, type Position } from "./shapes";
import { hostOf } from "./tags";

/** The hub, or something on the way to it, said no. `message` is for a person. */
export class Refused extends Error {
  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    message: string,
    /** What it said, and which host was asked. */
    readonly said: { reason: Reason; host: string | null } | null = null,
  ) {
    super(message);
    this.name = "Refused";
  }

  /** A word for the reason, where the hub gives one. */
  get why(): string | undefined {
    return this.said?.reason.why ?? undefined;
  }

  get needsLogin(): boolean {
    return this.status === 401;
  }
}

let loginNeeded: () => void = () => {};

/** Says whom to tell when the hub wants a login first. */
export function whenLoginIsNeeded(tell: () => void): void {
  loginNeeded = tell;
}

/** Where a page of lines lies. */
export type Spot =
  | { last: number }
  | { before: Position; limit: number }
  | { after: Position; limit: number }
  | { offset: number; limit: number }
  | { at: string; limit: number };

export async function fetchHosts(signal?: AbortSignal): Promise<HostEntry[]> {
  const answer = await ask<{ hosts: HostEntry[] }>("hosts", [], signal);
  return answer.hosts;
}

export interface LogsQuery {
  q: string;
  match: string;
  limit: number;
  next: string | null;
  /** Seconds after which it is answered with what there is. */
  within?: number;
}

export function fetchLogs(query: LogsQuery, signal?: AbortSignal): Promise<LogsPage> {
  const pairs: Pair[] = [["limit", String(query.limit)]];
  if (query.match !== "") pairs.push(["match", query.match]);
  if (query.q !== "") pairs.push(["q", query.q]);
  if (query.next !== null) pairs.push(["next", query.next]);
  if (query.within !== undefined) pairs.push(["within", String(query.within)]);
  return ask<LogsPage>("logs", pairs, signal);
}

export function fetchLines(log: LogName, spot: Spot, filter: Filter, signal?: AbortSignal): Promise<LinesPage> {
  const where = Object.entries(spot).map(([name, value]): Pair => [name, String(value)]);
  return ask<LinesPage>("lines", [["log", log], ...where, ...filterPairs(filter)], signal);
}

/** The address of a stretch of a log as it stands in the file, for a download. */
export function rawUrl(log: LogName, from: Position | null, to: Position | null): string {
  const ends: Pair[] = [...(from === null ? [] : [["from", from] as Pair]), ...(to === null ? [] : [["to", to] as Pair])];
  return new URL(`${ROOT}raw?${formatQuery([["log", log], ...ends])}`, document.baseURI).href;
}

/** The bytes of such a stretch; null when they are more than `most`. */
export async function fetchRaw(log: LogName, from: Position, to: Position | null, most: number, signal?: AbortSignal): Promise<Uint8Array | null> {
  const { search } = new URL(rawUrl(log, from, to));
  const response = await send(`raw${search}`, signal ? { signal } : {});
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
    pieces.push(piece.value);
    length += piece.value.length;
    if (length <= most) continue;
    await reader?.cancel();
    return null;
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Who we are to this hub; answered to anybody. */
export interface Me {
  admitted: boolean;
  /** By what; `session` is one that can be ended. */
  by: string | null;
  /** The token's name, or the user's that a proxy told. */
  name: string | null;
  /** Whether one runs the hub, and may make tokens. */
  owner: boolean;
  /** Where one comes from. */
  client: string;
  /** Whether there is a password to log in with. */
  login: boolean;
  /** When not admitted: why, and what to do about it. */
  detail: string | null;
  why?: string | null;
}

export function fetchMe(): Promise<Me> {
  return ask<Me>("me", []);
}

/** How requests of this page arrive at the hub; `probe`: how the one of that name did. */
export function fetchConnection(probe: string | null, signal?: AbortSignal): Promise<Connection> {
  const named: Pair[] = probe === null ? [] : [["probe", probe]];
  return ask<Connection>("connection", [["origin", location.origin], ...named], signal);
}

/** Something to try, with the words of the hub for how. */
export function probeUrl(pairs: readonly Pair[]): string {
  return new URL(`${ROOT}connection/probe?${formatQuery(pairs)}`, document.baseURI).href;
}

export async function login(password: string): Promise<void> {
  const body = JSON.stringify({ password });
  await send("login", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

export async function logout(): Promise<void> {
  await send("logout", { method: "POST" });
}

export async function ask<Answer>(path: string, pairs: readonly Pair[], signal?: AbortSignal): Promise<Answer> {
  const query = pairs.length === 0 ? "" : `?${formatQuery(pairs)}`;
  const response = await send(`${path}${query}`, signal ? { signal } : {});
  return (await response.json()) as Answer;
}

/** Sends, and gives the answer where it is a good one. */
export async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(`${ROOT}${path}`, document.baseURI), { ...init, cache: "no-store" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(0, m.api_silent);
  }
  if (response.ok) return response;
  // A wrong password is answered with 401 too, but whoever gave it is logging in already.
  if (response.status === 401 && path !== "login") loginNeeded();
  throw await refusal(response, hostAsked(path));
}

/** RFC 9457: `detail` says more than `title`. A proxy on the way answers in HTML, which is not shown. */
async function refusal(response: Response, host: string | null): Promise<Refused> {
  const problem: unknown = await response.json().catch(() => null);
  const { detail, title, why, pattern, column } = isRecord(problem) ? problem : {};
  const [words, status] = [detail ?? title, response.status];
  if (typeof words !== "string") return new Refused(status, m.api_answer(`${status} ${response.statusText}`.trim()));
  const reason = { words, why: text(why), pattern: text(pattern), column: typeof column === "number" ? column : undefined, wait: secondsToWait(response) };
  return new Refused(status, hubWords(reason, host), { reason, host });
}

/** `Retry-After`, which this hub gives in seconds; a date in it would be of a proxy's own. */
function secondsToWait(response: Response): number | undefined {
  const given = response.headers.get("retry-after") ?? "";
  return /^\d+$/.test(given) ? Number(given) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The host that a question is about, as its log or itself. */
function hostAsked(path: string): string | null {
  const [way = "", query = ""] = path.split("?");
  const log = new URLSearchParams(query).get("log");
  const host = /^hosts\/([^/]+)/.exec(way)?.[1];
  return log !== null ? hostOf(log) : host === undefined ? null : decodeURIComponent(host);
}
