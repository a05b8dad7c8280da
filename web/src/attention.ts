// Whether somebody looks at a view. A tab that is behind others for a while lets its connection go, so that the host has nothing to do
// for it; now and then it asks how many lines have come, a hundred at most, and then asks no more. In front again it goes on.
// It stands between the browser and a view (`viewer.svelte.ts`), and owns the listeners and timers for that.

/** A tab that is not looked at lets go of its connection after this long, in milliseconds. */
const HIDDEN_MS = 5000;
/** How often one that has let go asks what has come. */
const GLANCE_MS = 30_000;
/** Lines that are asked for: more than a title can usefully say. */
export const GLANCE_LINES = 100;

/** What a tab knows of a view that nobody looks at. */
export interface Glance {
  /** Lines that have come since. */
  lines: number;
  /** There are more than that. */
  more: boolean;
  /** The hub did not answer. */
  failed: boolean;
}

export interface Attending {
  /** Nobody looks from now on. */
  hides(): void;
  /** Lets the connection go; false where there is none to let go. */
  rest(): boolean;
  /** Goes on where it let go. */
  wake(): void;
  /** Asks for what has come. Throws where there is no answer. */
  glance(): Promise<Glance>;
  /** Null while somebody looks. */
  glanced(glance: Glance | null): void;
  /** The device has, or has no, network. */
  network(online: boolean): void;
}

export class Attention {
  #ends = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rests = false;

  constructor(private readonly view: Attending) {
    const { signal } = this.#ends;
    window.addEventListener("online", () => view.network(true), { signal });
    window.addEventListener("offline", () => view.network(false), { signal });
    document.addEventListener("visibilitychange", () => this.#look(!document.hidden), { signal });
    // A link may be opened in a tab behind this one.
    if (document.hidden) this.#look(false);
  }

  end(): void {
    this.#ends.abort();
    clearTimeout(this.#timer);
  }

  #look(visible: boolean): void {
    clearTimeout(this.#timer);
    if (!visible) {
      this.view.hides();
      this.#timer = setTimeout(() => this.#rest(), HIDDEN_MS);
    } else if (this.#rests) {
      this.#rests = false;
      this.view.glanced(null);
      this.view.wake();
    }
  }

  #rest(): void {
    this.#rests = this.view.rest();
    if (this.#rests) void this.#glance({ lines: 0, more: false, failed: false });
  }

  async #glance(before: Glance): Promise<void> {
    const glance = await this.view.glance().catch((): Glance => ({ ...before, failed: true }));
    if (!this.#rests || this.#ends.signal.aborted) return;
    this.view.glanced(glance);
    // What is known already does not get any truer.
    if (!glance.more) this.#timer = setTimeout(() => void this.#glance(glance), GLANCE_MS);
  }
}
