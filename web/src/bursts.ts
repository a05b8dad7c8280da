// Whether what the hub says is held back on its way and let go in bursts: its words on one log's end are a second apart when they are
// sent. Some proxies fill a buffer first; the lines in it are then as late as the words are. Pure but for what it has been told.
//
// One burst may be a network that lost a packet, so it takes several, close after another.

/** Sent this far apart, in milliseconds, and … */
const APART_MS = 900;
/** … come this close together: a burst. */
const TOGETHER_MS = 100;
const BURSTS = 3;
/** So close after another that it is a rule, in milliseconds. */
const WITHIN_MS = 30_000;

export class Bursts {
  #last = new Map<string, { sent: number; came: number }>();
  #bursts: number[] = [];

  /** Takes a frame in; whether it is held back, as far as is known by now. */
  are(frame: string, now: number): boolean {
    if (!frame.startsWith('{"type":"edge"')) return false;
    const { log, at } = JSON.parse(frame) as { log: string; at?: string | null };
    const sent = Date.parse(at ?? "");
    if (Number.isNaN(sent)) return false;
    const last = this.#last.get(log);
    this.#last.set(log, { sent, came: now });
    if (!last || sent - last.sent < APART_MS || now - last.came > TOGETHER_MS) return false;
    // Of one burst each of several logs has its words.
    if (now - (this.#bursts.at(-1) ?? -Infinity) < APART_MS) return false;
    this.#bursts = [...this.#bursts, now].slice(-BURSTS);
    return this.#bursts.length === BURSTS && now - (this.#bursts[0] ?? now) < WITHIN_MS;
  }
}
