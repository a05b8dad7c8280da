// Room for event streams. Over HTTP/1.1 a browser opens six connections to one hub, for all of its windows together, and a stream keeps
// one for itself: a seventh window would not even get its page. So there are four places; whoever finds none asks again and again instead.
// Between `events.ts` and the browser's locks, which all windows share and which end with the page that holds them.

/** Two connections are left for pages, history and polls. */
const PLACES = 4;

/** Where there are no locks, as on plain HTTP to another machine: those that this page holds. */
const own = new Set<number>();

/** Whether there was a place; it is kept until the signal. */
export async function takePlace(signal: AbortSignal): Promise<boolean> {
  if (!isScarce()) return true;
  for (let place = 0; place < PLACES; place++) {
    if (await ("locks" in navigator ? lock(place, signal) : take(place, signal))) return true;
  }
  return false;
}

/** Since HTTP/2 one connection carries them all. */
function isScarce(): boolean {
  const [page] = performance.getEntriesByType("navigation");
  return page instanceof PerformanceNavigationTiming && page.nextHopProtocol.startsWith("http/1");
}

function lock(place: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((given) => {
    const held = navigator.locks.request(`tailcast event stream ${place}`, { ifAvailable: true }, (there) => {
      given(there !== null);
      return there && !signal.aborted ? new Promise<void>((over) => signal.addEventListener("abort", () => over(), { once: true })) : undefined;
    });
    held.catch(() => given(false));
  });
}

function take(place: number, signal: AbortSignal): boolean {
  if (own.has(place) || signal.aborted) return false;
  own.add(place);
  signal.addEventListener("abort", () => own.delete(place), { once: true });
  return true;
}
