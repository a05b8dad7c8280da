// What the keys of a view mean. Pure: an event becomes a word, and the view acts on it.

export type Command =
  | { kind: "scroll"; rows: number }
  | { kind: "page"; direction: 1 | -1 }
  | { kind: "start" }
  | { kind: "end" }
  /** Stops moving with the log, or goes on with it. */
  | { kind: "pause" }
  | { kind: "goto" }
  /** Selects so many lines further, from the line that is marked or the edge of the screen on. */
  | { kind: "select"; lines: number }
  | { kind: "all" }
  | { kind: "find" }
  | { kind: "hit"; direction: 1 | -1 }
  | { kind: "filter" }
  | { kind: "escape" };

const COMMANDS: Readonly<Record<string, Command>> = {
  j: { kind: "scroll", rows: 1 },
  ArrowDown: { kind: "scroll", rows: 1 },
  k: { kind: "scroll", rows: -1 },
  ArrowUp: { kind: "scroll", rows: -1 },
  PageDown: { kind: "page", direction: 1 },
  PageUp: { kind: "page", direction: -1 },
  Home: { kind: "start" },
  g: { kind: "start" },
  End: { kind: "end" },
  G: { kind: "end" },
  " ": { kind: "pause" },
  f: { kind: "find" },
  n: { kind: "hit", direction: 1 },
  N: { kind: "hit", direction: -1 },
  ":": { kind: "goto" },
  "/": { kind: "filter" },
  Escape: { kind: "escape" },
};

const SHIFTED: Readonly<Record<string, Command>> = {
  ArrowDown: { kind: "select", lines: 1 },
  ArrowUp: { kind: "select", lines: -1 },
};

/** With Ctrl, or Cmd. */
const CONTROL: Readonly<Record<string, Command>> = { a: { kind: "all" }, f: { kind: "find" } };

interface Pressed {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What a key asks for. `typing`: in a field only Escape is ours; `onControl`: the space bar presses a focused button. */
export function commandOf(pressed: Pressed, at: "page" | "control" | "field"): Command | null {
  const control = (pressed.ctrlKey || pressed.metaKey) && !pressed.altKey ? CONTROL[pressed.key.toLowerCase()] : undefined;
  // The browser would find only what is in the document, so its key is ours, from fields, too.
  if (control?.kind === "find") return control;
  if (at === "field" && pressed.key !== "Escape") return null;
  if (control) return control;
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
  if (at === "control" && pressed.key === " ") return null;
  return (pressed.shiftKey ? SHIFTED[pressed.key] : undefined) ?? COMMANDS[pressed.key] ?? null;
}

export function placeOf(target: EventTarget | null): "page" | "control" | "field" {
  if (!(target instanceof Element)) return "page";
  if (target.matches("input:not([type=checkbox]), select, textarea")) return "field";
  return target.matches("button, a, input") ? "control" : "page";
}
