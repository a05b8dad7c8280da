// Room for event streams. Over HTTP/1.1 a browser opens six connections to one hub, for all of its windows together, and a stream keeps
// one for itself: a seventh window would not even get its page. So there are four places; whoever finds none asks again and again instead.
// Between `events.ts` and the browser's locks, which all windows share and which end with the page that holds them; where there are none,
// as on plain HTTP to another machine, the windows ask each other (`windows.ts`).

import { Windows } from "./windows";

/** Two connections are left for pages, history and polls. */
const PLACES = 4;

/** All windows, where there are no locks. */
let windows: Windows | null = null;

/** Whether there was a place; it is kept until the signal. */
export async function takePlace(signal: AbortSignal): Promise<boolean> {
  if (!isScarce()) return true;
  if (!("locks" in navigator)) return (windows ??= new Windows(new BroadcastChannel("tailcast event streams"), PLACES)).take(signal);
  for (let place = 0; place < PLACES; place++) {
    if (await lock(place, signal)) return true;
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
