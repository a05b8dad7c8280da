// Room that the windows of one browser share where it has no locks for them, as on plain HTTP from another machine: whoever wants some
// asks the others how much they hold. Between `places.ts` and a channel that all windows of an address hear. Nothing is written down, so
// a window that has crashed or was closed holds nothing.
//
// Of two that ask at the same moment, the one with the lesser ticket goes first. A window too busy to answer in time is not counted: then
// one more than there should be is let in, which the room that `places.ts` leaves free bears.

/** How long the others have for an answer, in milliseconds. */
const PATIENCE_MS = 250;

/** `held`: how much; `ahead`: the tickets of those that ask there and go before. */
type Word = { asks: number } | { to: number; held: number; ahead: readonly number[] };

/** What it needs of a `BroadcastChannel`. */
export type Channel = Pick<BroadcastChannel, "postMessage" | "onmessage">;

/** What is known of the other windows by who asks. */
interface Others {
  held: number;
  /** By ticket: of each, both its own question and its answer may tell. */
  readonly ahead: Set<number>;
}

export class Windows {
  #held = 0;
  /** Who of this window asks, by ticket. */
  readonly #asking = new Map<number, Others>();

  constructor(
    private readonly channel: Channel,
    private readonly room: number,
  ) {
    channel.onmessage = ({ data }: MessageEvent<Word>) => this.#hear(data);
  }

  /** Whether there was room; it is kept until the signal. */
  async take(signal: AbortSignal): Promise<boolean> {
    const ticket = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const others: Others = { held: 0, ahead: new Set() };
    this.#asking.set(ticket, others);
    this.#say({ asks: ticket });
    await new Promise((over) => setTimeout(over, PATIENCE_MS));
    this.#asking.delete(ticket);
    const taken = this.#held + this.#ahead(ticket).length + others.held + others.ahead.size;
    if (taken >= this.room || signal.aborted) return false;
    this.#held++;
    signal.addEventListener("abort", () => this.#held--, { once: true });
    return true;
  }

  #hear(word: Word): void {
    if ("to" in word) return this.#learn(word);
    const { asks } = word;
    this.#say({ to: asks, held: this.#held, ahead: this.#ahead(asks) });
    for (const [ticket, { ahead }] of this.#asking) if (asks < ticket) ahead.add(asks);
  }

  #learn({ to, held, ahead }: Extract<Word, { to: number }>): void {
    const others = this.#asking.get(to);
    if (!others) return;
    others.held += held;
    for (const ticket of ahead) others.ahead.add(ticket);
  }

  #ahead(ticket: number): number[] {
    return [...this.#asking.keys()].filter((other) => other < ticket);
  }

  #say(word: Word): void {
    this.channel.postMessage(word);
  }
}
