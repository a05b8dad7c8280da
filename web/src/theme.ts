// Dark or light: as the system says, or as was chosen here. Chosen before anything is painted; `tokens.css` has both.

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const KEY = "tailcast.theme";

export function themeOf(stored: string | null): Theme {
  return THEMES.find((each) => each === stored) ?? "system";
}

export function theme(): Theme {
  return themeOf(localStorage.getItem(KEY));
}

export function wear(next: Theme): void {
  localStorage.setItem(KEY, next);
  dress();
}

/** Puts on what was chosen. */
export function dress(): void {
  const now = theme();
  if (now === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = now;
}
