// A hub in memory with one or more logs, for the tests of a view: answers `fetch` and `WebSocket` as the real one does.

import { vi } from "vitest";
import type { Line, LinesPage, LiveEvent } from "../src/shapes";
import { line } from "./rows";

export class FakeHub {
  readonly logs = new Map<string, Line[]>();
  readonly sockets: FakeSocket[] = [];
  /** Requests in the order in which they came, as their query strings. */
  readonly asked: string[] = [];
  /** So many next pages find nothing within what the hub looks through at once. */
  fruitless = 0;
  /** Logs whose host is away: a question about one is refused at once. */
  readonly away = new Set<string>();
  /** Logs whose host stands still: a question about one is answered when it is back. */
  readonly still = new Set<string>();
  /** The next answer is this instead. */
  refuse: { status: number; detail: string; why?: string; pattern?: string; column?: number } | null = null;

  #waiting: (() => void)[] = [];

  constructor() {
    vi.stubGlobal("window", globalThis);
    vi.stubGlobal("navigator", { onLine: true });
    vi.stubGlobal("addEventListener", () => {});
    vi.stubGlobal("document", { baseURI: "http://hub/", hidden: false, addEventListener: () => {} });
    vi.stubGlobal("requestAnimationFrame", (frame: () => void) => setTimeout(frame, 0));
    vi.stubGlobal("cancelAnimationFrame", clearTimeout);
    vi.stubGlobal("fetch", (url: URL, init?: RequestInit) => this.#answers(url, init?.signal ?? null));
    vi.stubGlobal("WebSocket", socketsOf(this));
  }

  /** Writes lines up to, not including, number `to`, without telling any viewer. */
  fill(log: string, to: number): void {
    const lines = this.lines(log);
    for (let n = lines.length; n < to; n++) lines.push(line(n));
    this.logs.set(log, lines);
  }

  /** Writes, and sends to all that look at it. */
  write(log: string, to: number): void {
    this.fill(log, to);
    for (const socket of this.sockets) socket.catchUp(log);
  }

  lines(log: string): Line[] {
    return this.logs.get(log) ?? [];
  }

  get socket(): FakeSocket | undefined {
    return this.sockets.findLast((socket) => !socket.closed);
  }

  /** The host of a log is there again, and so are its lines. */
  comesBack(log: string): void {
    this.away.delete(log);
    this.still.delete(log);
    for (const answer of this.#waiting.splice(0)) answer();
    for (const socket of this.sockets) socket.comesBack(log);
  }

  isAway(log: string): boolean {
    return this.away.has(log) || this.still.has(log);
  }

  #answers(url: URL, signal: AbortSignal | null): Promise<Response> {
    if (!this.still.has(url.searchParams.get("log") ?? "")) return Promise.resolve(this.#answer(url));
    this.asked.push(url.search);
    return new Promise((answer, refuse) => {
      this.#waiting.push(() => answer(Response.json(this.#page(url.searchParams))));
      signal?.addEventListener("abort", () => refuse(new DOMException("aborted", "AbortError")));
    });
  }

  #answer(url: URL): Response {
    this.asked.push(url.search);
    if (this.away.has(url.searchParams.get("log") ?? "")) return Response.json({ detail: "the host is away" }, { status: 503 });
    if (this.refuse) {
      const { status, ...problem } = this.refuse;
      this.refuse = null;
      return Response.json(problem, { status });
    }
    return Response.json(this.#page(url.searchParams));
  }

  #page(query: URLSearchParams): LinesPage {
    const log = query.get("log") ?? "";
    const lines = this.lines(log);
    const limit = Number(query.get("last") ?? query.get("limit"));
    const [from, to] = stretch(query, lines.length, limit);
    // One line and no pattern: what stands there, which needs no looking.
    if (this.fruitless > 0 && (limit !== 1 || query.has("grep"))) {
      this.fruitless--;
      return { log, lines: [], before: `p${from}`, after: `p${to}`, end: false, limited: true, scanned: 256e6 };
    }
    return {
      log,
      lines: lines.slice(from, to),
      before: from === 0 ? null : `p${from}`,
      after: `p${to}`,
      end: to === lines.length,
    };
  }
}

function socketsOf(hub: FakeHub): new (url: string) => FakeSocket {
  return class extends FakeSocket {
    constructor(url: string) {
      super(hub, new URL(url));
    }
  };
}

function stretch(query: URLSearchParams, total: number, limit: number): [number, number] {
  const number = (name: string): number => Number(query.get(name)?.replace("p", ""));
  if (query.has("last")) return [Math.max(0, total - limit), total];
  if (query.has("before")) return [Math.max(0, number("before") - limit), number("before")];
  const begin = query.has("at") ? seconds(query.get("at") ?? "") : query.has("after") ? number("after") : number("offset") / 10;
  const from = Math.min(begin, total);
  return [from, Math.min(total, from + limit)];
}

/** Lines are a second apart, beginning with the year. */
function seconds(time: string): number {
  return (Date.parse(time) - Date.UTC(2026, 0, 1)) / 1000;
}

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  #sent = new Map<string, number>();

  constructor(
    private readonly hub: FakeHub,
    url: URL,
  ) {
    let log = "";
    const last = Number(url.searchParams.get("last"));
    for (const [name, value] of url.searchParams) {
      if (name === "log") this.#sent.set((log = value), Math.max(0, hub.lines(log).length - last));
      if (name === "from") this.#sent.set(log, Number(value.slice(1)));
    }
    hub.sockets.push(this);
    queueMicrotask(() => this.#open());
  }

  close(): void {
    this.closed = true;
  }

  send(text: string): void {
    if (text.includes("ping")) queueMicrotask(() => this.onmessage?.({ data: '{"type":"pong"}' }));
  }

  says(event: LiveEvent): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }

  catchUp(log: string): void {
    const lines = this.hub.lines(log);
    const from = this.#sent.get(log);
    if (this.closed || from === undefined || from === lines.length || this.hub.isAway(log)) return;
    this.#sent.set(log, lines.length);
    this.says({ type: "lines", log, position: `p${lines.length}`, lines: lines.slice(from) });
  }

  comesBack(log: string): void {
    if (this.closed || !this.#sent.has(log)) return;
    this.says({ type: "agent_back", log, words: "back" });
    this.#tells(log);
  }

  /** Skips lines: the viewer is told of a gap. */
  skip(log: string, to: number): void {
    const from = this.#sent.get(log) ?? 0;
    this.hub.fill(log, to);
    this.#sent.set(log, to);
    this.says({ type: "gap", log, from: `p${from}`, to: `p${to}`, bytes: (to - from) * 10, words: "skipped" });
  }

  #open(): void {
    if (this.closed) return;
    this.onopen?.();
    for (const log of this.#sent.keys()) {
      if (this.hub.away.has(log)) this.says({ type: "agent_lost", log, words: "away" });
      else if (!this.hub.still.has(log)) this.#tells(log);
    }
  }

  #tells(log: string): void {
    this.catchUp(log);
    const end = this.hub.lines(log).length;
    this.says({ type: "edge", log, offset: end * 10, behind: 0, position: `p${end}` });
  }
}
