// The keys that are pressed before the page is there: kept from the browser, in order, and pressed again once somebody listens. Between
// `early.ts`, which begins, and `main.ts`, which ends it. It knows no action: which keys are for the page says `keys.ts`.

import { isForPage, placeOf, typed } from "./keys";

/** Whoever presses more before there is anything to see does not mean it. */
const MOST = 64;

let kept: KeyboardEvent[] = [];

function keep(event: KeyboardEvent): void {
  if (kept.length === MOST || !isForPage(event)) return;
  event.preventDefault();
  kept.push(event);
}

export function keepKeys(): void {
  addEventListener("keydown", keep);
}

/** Presses them again. `settled`: what a key has changed is there for the next one; no key that is pressed now may come between. */
export async function pressKept(settled: () => Promise<void>): Promise<void> {
  removeEventListener("keydown", keep);
  const keys = kept;
  kept = [];
  for (const key of keys) {
    press(key);
    await settled();
  }
}

/** As if it were pressed now, where the focus is now. A field does not take what is not pressed by a hand, so that is written into it. */
function press(key: KeyboardEvent): void {
  const target = document.activeElement ?? document.body;
  const taken = !target.dispatchEvent(new KeyboardEvent("keydown", key));
  if (taken || placeOf(target) !== "field" || !(target instanceof HTMLInputElement)) return;
  const text = key.ctrlKey || key.metaKey ? null : typed(target.value, key);
  if (text === null) return;
  target.value = text;
  target.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
