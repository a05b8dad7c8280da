// A finger that rests on something, as a mouse's right button would press it, where the browser has no word for that (iOS).
// It stands between the box of rows and the menu of a line; owns one timer.

/** Milliseconds that a finger rests. */
const REST_MS = 500;
/** Pixels between two moves: a finger trembles; what moves further scrolls. */
const TREMBLE_PX = 4;

/** An attachment: says where a finger rests. */
export function resting(rests: (target: EventTarget | null, x: number, y: number) => void): (element: HTMLElement) => () => void {
  return (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = (): void => clearTimeout(timer);
    const ends = new AbortController();
    const on = (type: "pointerdown" | "pointermove" | "pointerup" | "pointercancel" | "contextmenu", heard: (event: PointerEvent) => void): void =>
      element.addEventListener(type, (event) => heard(event as PointerEvent), { signal: ends.signal });
    on("pointerdown", ({ pointerType, target, clientX, clientY }) => {
      over();
      if (pointerType === "touch") timer = setTimeout(() => rests(target, clientX, clientY), REST_MS);
    });
    on("pointermove", ({ movementX, movementY }) => {
      if (Math.hypot(movementX, movementY) > TREMBLE_PX) over();
    });
    for (const type of ["pointerup", "pointercancel", "contextmenu"] as const) on(type, over);
    return () => {
      over();
      ends.abort();
    };
  };
}
