// The parts of the page that a full hub refused: without one of them nothing is shown, or nothing as it should be, so the page is loaded
// anew a little later, by itself. What had come is in the browser's cache by then. It goes by what the browser notes of each part, since
// one may be refused before any script runs.

/** Comes again after a second, and at most so many milliseconds later: not all at once. */
const SOONEST = 1000;
const SPREAD = 4000;

/** What the browser notes of a part that was asked for. */
export interface Part {
  name: string;
  responseStatus?: number;
}

/** Whether one of them is a program or a style of the page, below `base`, that there was no room for. */
export function isRefused(parts: readonly Part[], base: string): boolean {
  const assets = new URL("assets/", base).href;
  return parts.some(({ name, responseStatus: status }) => name.startsWith(assets) && /\.(?:js|css)$/.test(name) && (status === 503 || status === 429));
}

/** Watches over them for as long as the page is there. */
export function watchParts(): void {
  const watch = new PerformanceObserver((list) => {
    if (!isRefused(list.getEntries() as readonly Part[], document.baseURI)) return;
    watch.disconnect();
    setTimeout(() => location.reload(), SOONEST + SPREAD * Math.random());
  });
  watch.observe({ type: "resource", buffered: true });
}
