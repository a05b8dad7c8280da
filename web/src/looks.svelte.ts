// What is asked for again and again while somebody looks: the last answer, and why there is none or no newer one. Between `look.ts`, which
// says when, and a part that shows it.

import { Refused } from "./api";
import { whileVisible } from "./look";

export class Looks<Answer> {
  /** The last one; what was seen stays while there is no newer one. */
  answer = $state.raw<Answer | null>(null);
  /** When it came, in milliseconds since 1970. */
  at = $state(0);
  /** Why the last look failed: for a person, and as a word where the hub gives one. */
  problem = $state.raw<{ words: string; why: string | undefined } | null>(null);

  /** Looks until the returned function is called. */
  follow(ask: (signal: AbortSignal) => Promise<Answer>): () => void {
    return whileVisible(async (signal) => {
      try {
        const answer = await ask(signal);
        if (signal.aborted) return;
        this.answer = answer;
        this.at = Date.now();
        this.problem = null;
      } catch (error) {
        if (signal.aborted) return;
        this.problem = { words: error instanceof Error ? error.message : String(error), why: error instanceof Refused ? error.why : undefined };
      }
    });
  }
}
