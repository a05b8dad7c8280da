// A list looks again every 2 s, and only while somebody can see it: not in a hidden tab, not while a look is on its way.

export const LOOK_MS = 2000;

/** Looks now and then; ends with the returned function, which also aborts a look that is on its way. */
export function whileVisible(look: (signal: AbortSignal) => Promise<void>): () => void {
  const abort = new AbortController();
  let looking = false;
  const again = async (): Promise<void> => {
    if (looking || document.hidden) return;
    looking = true;
    await look(abort.signal);
    looking = false;
  };
  const timer = setInterval(() => void again(), LOOK_MS);
  document.addEventListener("visibilitychange", () => void again(), { signal: abort.signal });
  void again();
  return () => {
    clearInterval(timer);
    abort.abort();
  };
}
