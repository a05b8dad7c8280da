// The time of day as state, a second at a time: one timer for all that tells ages, which runs only while something does.

import { createSubscriber } from "svelte/reactivity";

const TICK_MS = 1000;

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, TICK_MS);
  return () => clearInterval(timer);
});

/** Now; whatever reads it is worked out anew each second. */
export function now(): number {
  subscribe();
  return Date.now();
}
