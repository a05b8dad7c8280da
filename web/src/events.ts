// A view over an event stream: a plain answer that does not end, for where WebSockets do not pass. Read with `fetch` and not with an
// EventSource, which would come again by itself from a cursor of its own, and shows neither the first byte nor a comment.
//
// It counts as open with its first byte: the hub says at once that it is there, so whoever hears nothing is behind a buffer.

import { Bursts } from "./bursts";
import { EventText, frameOf } from "./eventstream";
import { takePlace } from "./places";
import type { Ending, Socket } from "./transport";

export class Events implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  readonly #abort = new AbortController();
  readonly #bursts = new Bursts();
  #opened = false;

  constructor(url: string) {
    void this.#run(url);
  }

  /** The hub says each 15 s that it is there, asked or not. */
  send(): void {}

  close(): void {
    this.#abort.abort();
  }

  async #run(url: string): Promise<void> {
    try {
      if (!(await takePlace(this.#abort.signal))) return this.#end({ full: true });
      await this.#read(await askEvents(url, this.#abort.signal));
    } catch {
      // Refused, cut, or closed from here; which one it was, the hub is asked where it matters.
    }
    if (!this.#abort.signal.aborted) this.#end({});
  }

  #end(ending: Ending): void {
    this.close();
    (this.onclose as ((ending: Ending) => void) | null)?.(ending);
  }

  async #read(response: Response): Promise<void> {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const text = new EventText();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      this.#open();
      const all = text.read(piece.value);
      if (all.length === 0) this.#say("");
      for (const told of all) this.#say(frameOf(told));
    }
  }

  #open(): void {
    if (this.#opened) return;
    this.#opened = true;
    (this.onopen as (() => void) | null)?.();
  }

  #say(data: string): void {
    if (this.#abort.signal.aborted) return;
    (this.onmessage as ((event: { data: string }) => void) | null)?.({ data });
    if (this.#bursts.are(data, Date.now())) this.#end({ held: true });
  }
}

/** Asks for an event stream. Throws where the answer is none. */
export async function askEvents(url: string, signal: AbortSignal): Promise<Response> {
  // That it comes again, whether or not it does: what is wrong with one of several logs is then told in the stream, as over a WebSocket.
  const headers = { Accept: "text/event-stream", "Last-Event-ID": "" };
  const response = await fetch(url, { headers, cache: "no-store", signal });
  const kind = response.headers.get("Content-Type") ?? "";
  if (!response.ok || !kind.startsWith("text/event-stream")) throw new TypeError();
  return response;
}
