// The language of the page: chosen once, before anything is shown. A change of mind loads the page anew, which costs nothing, since all
// that is seen is in the address; so `m` is a plain binding and not a state.

import { en, type Messages } from "./messages/en";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];
const KEY = "tailcast.language";

/** What the page says: `m.list_empty`, `m.lines_waiting(3)`. */
export let m: Messages = en;
/** The language it is in. */
export let language: Language = "en";

/** Takes the language that was chosen here, or the browser's first that there is. */
export async function speak(): Promise<void> {
  language = preferred(localStorage.getItem(KEY), navigator.languages);
  // English is what the others fall back on in type only: only one more language is ever loaded.
  if (language === "zh") m = (await import("./messages/zh")).zh;
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
}

/** Speaks another language from now on. */
export function choose(next: Language): void {
  localStorage.setItem(KEY, next);
  location.reload();
}

/** The chosen language where it is one of ours, else the first of the browser's that is, else English. */
export function preferred(chosen: string | null, wanted: readonly string[]): Language {
  const ours = [chosen ?? "", ...wanted].map((tag) => tag.toLowerCase().split("-")[0]);
  return LANGUAGES.find((each) => each === ours.find((tag) => LANGUAGES.some((known) => known === tag))) ?? "en";
}
