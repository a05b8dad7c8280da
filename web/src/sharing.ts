// A link on its way to somebody else: through what the device shares with, where it has that, else the clipboard.

/** What became of it. */
export type Shared = "shared" | "copied" | "not";

/** Must be called from a press of a button or key, or browsers refuse. */
export async function share(url: string, title: string): Promise<Shared> {
  // A desk has a clipboard nearer than a sheet of programs.
  if (matchMedia("(pointer: coarse)").matches && navigator.share !== undefined) {
    const done = await navigator.share({ url, title }).then(
      () => true,
      (error: unknown) => error instanceof DOMException && error.name === "AbortError",
    );
    if (done) return "shared";
  }
  return copyText(url) ? "copied" : "not";
}

/** Into the clipboard by the one way that also works without a secure context. */
export function copyText(text: string): boolean {
  const put = (event: ClipboardEvent): void => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener("copy", put, { capture: true, once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", put, { capture: true });
  return done;
}
