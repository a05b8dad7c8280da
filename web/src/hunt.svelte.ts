// Finding that goes on by itself: one stretch after the other beyond what a view holds, until something is found, nothing is left, or the
// reader stops it. Between the find bar and the viewer, whose host has one question of it at a time.

import type { Found } from "./search";
import type { LogName } from "./shapes";
import type { LineRow } from "./stream";
import type { Viewer } from "./viewer.svelte";

/** Between two stretches, in milliseconds: frames enough for what the reader has scrolled to meanwhile to be read first. */
const BREATH_MS = 50;

/** What was looked for, as a highlight would be (`highlights.ts`), and the hit that was come to. */
export interface Sought {
  highlight: string;
  at: LineRow | null;
}

export class Hunt {
  looking = $state(false);
  /** Bytes that were looked through since it began. */
  looked = $state(0);
  /** The time of the lines that it has come to, where they name one. */
  reached = $state<string | null>(null);
  /** Logs that could not be looked through on the way. */
  missed: ReadonlySet<LogName> = new Set();
  #stop: AbortController | null = null;

  constructor(private readonly viewer: Pick<Viewer, "find">) {}

  /** Gives what ended it, and throws what the hub has against it. `stopped`, also by something else on the way; what is looked for again goes on from there. */
  async run(where: "above" | "below", pattern: string): Promise<Exclude<Found, "tired"> | "stopped"> {
    this.stop();
    const { signal } = (this.#stop = new AbortController());
    [this.looking, this.looked, this.reached, this.missed] = [true, 0, null, new Set()];
    let hit: Found | "stopped" = "tired";
    while (hit === "tired") {
      const stretch = await this.viewer.find(where, pattern, signal).catch((error: unknown) => {
        if (!signal.aborted) this.stop();
        throw error;
      });
      // Another one may have begun meanwhile, whose figures these are not.
      if (signal.aborted) return "stopped";
      hit = stretch?.hit ?? "stopped";
      this.looked += stretch?.scanned ?? 0;
      this.missed = new Set([...this.missed, ...(stretch?.missed ?? [])]);
      this.reached = stretch?.reached ?? this.reached;
      if (hit === "tired") await new Promise((breath) => setTimeout(breath, BREATH_MS));
    }
    this.stop();
    return hit;
  }

  /** Whether there was something to stop. */
  stop(): boolean {
    const looks = this.looking;
    this.#stop?.abort();
    this.#stop = null;
    this.looking = false;
    return looks;
  }
}
