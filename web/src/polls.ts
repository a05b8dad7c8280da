// A view by asking again and again: each answer ends, so it passes also through a proxy that hands on nothing but whole answers, or
// cuts what takes long. A line ends the answer that is waited for, so it is not late; the hub keeps the place between two of them.
//
// An answer that got lost is asked for again from the last position, under the same number: nothing is missed, nothing comes twice.

import { askEvents } from "./events";
import { EventText, frameOf } from "./eventstream";
import type { Ending, Socket, Subscription } from "./transport";

/** How long the hub lets an answer wait, in seconds: shorter than what any proxy cuts, and than what may be called live. */
const WAIT_S = 1;
/** A busy log is asked for at most this often, in milliseconds. */
const PACE_MS = 100;
/** An answer that takes this much longer than it should is lost. */
const LOST_MS = 10_000;

/** A turn of a poll, in the words of the hub. */
export type Turn = { wait: number; turn: string };

export class Polls implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  /** Of several logs the first one confirmed waits for the last one. */
  readonly late = WAIT_S * 1000;
  readonly #name = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  readonly #abort = new AbortController();
  #number = 0;

  constructor(
    private readonly subscription: Subscription,
    private readonly url: (subscription: Subscription, turn: Turn) => string,
  ) {
    void this.#run();
  }

  /** Each answer is a sign of life. */
  send(): void {}

  close(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    try {
      let goesOn = true;
      while (goesOn && !this.#abort.signal.aborted) {
        const again = new Promise((resolve) => setTimeout(resolve, PACE_MS));
        goesOn = await this.#turn();
        await again;
      }
    } catch {
      // Refused, lost, or closed from here.
    }
    if (this.#abort.signal.aborted) return;
    this.close();
    (this.onclose as ((ending: Ending) => void) | null)?.({});
  }

  /** False when the hub says goodbye. */
  async #turn(): Promise<boolean> {
    const url = this.url(this.subscription, { wait: WAIT_S, turn: `${this.#name}.${this.#number}` });
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(WAIT_S * 1000 + LOST_MS)]);
    const text = await (await askEvents(url, signal)).text();
    const isFirst = this.#number++ === 0;
    if (isFirst) (this.onopen as (() => void) | null)?.();
    const all = new EventText().read(text);
    if (all.length === 0) this.#say("");
    for (const told of all) this.#say(frameOf(told));
    return all.every(({ retry }) => retry === undefined);
  }

  #say(data: string): void {
    if (!this.#abort.signal.aborted) (this.onmessage as ((event: { data: string }) => void) | null)?.({ data });
  }
}
