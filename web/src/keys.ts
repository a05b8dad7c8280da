// How keys are written here, and when one is pressed. Pure: which key means what stands in `actions.ts`, and nowhere else.
//
// A chord is `j`, `G`, `?`, `Space`, `Shift+ArrowDown`, `Mod+k`. Mod is Ctrl, and on a Mac Cmd, too. A letter stands for itself as the
// keyboard gives it, so that `G` needs no word of Shift and `?` is found on every layout.

export type Chord = string;

/** What of a keyboard event is looked at. */
export interface Pressed {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** An input method is putting a word together; its keys are not ours. */
  isComposing?: boolean;
}

interface Parts {
  mod: boolean;
  shift: boolean;
  key: string;
}

function partsOf(chord: Chord): Parts {
  const pieces = chord.split("+");
  return { mod: pieces.includes("Mod"), shift: pieces.includes("Shift"), key: pieces.at(-1) ?? "" };
}

export function isPressed(chord: Chord, pressed: Pressed): boolean {
  if (pressed.isComposing === true) return false;
  const { mod, shift, key } = partsOf(chord);
  const given = pressed.key === " " ? "Space" : pressed.key;
  if (mod) return (pressed.ctrlKey || pressed.metaKey) && !pressed.altKey && pressed.shiftKey === shift && given.toLowerCase() === key.toLowerCase();
  if (given !== key || pressed.metaKey) return false;
  // AltGr, with which some layouts write a slash or a colon, looks like Ctrl and Alt.
  const plain = pressed.ctrlKey === pressed.altKey && (!pressed.altKey || isSign(key));
  return plain && (isLetter(key) || pressed.shiftKey === shift);
}

/** What of the browser's own keys the page takes for itself, wherever one is; the rest of those with Ctrl stay the browser's. */
export const TAKEN: readonly Chord[] = ["Mod+k", "Mod+f", "Mod+a"];

/** Whether a key is for the page, before there is one that could say what it means: all that does not move the focus or steer the browser. */
export function isForPage(pressed: Pressed): boolean {
  const plain = !pressed.ctrlKey && !pressed.metaKey && !pressed.altKey && pressed.isComposing !== true;
  if (plain) return isLetter(pressed.key) || /^(Enter|Escape|Backspace|Home|End|(Arrow|Page)\w+)$/.test(pressed.key);
  return TAKEN.some((chord) => isPressed(chord, pressed));
}

/** What stands in a field after a key, typed at its end; null where the key writes nothing. */
export function typed(text: string, { key }: Pressed): string | null {
  if (key === "Backspace") return text.slice(0, -1);
  return isLetter(key) ? text + key : null;
}

/** Whether it is a character of its own, which may need Shift to be written. */
export function isLetter(key: string): boolean {
  return key.length === 1;
}

function isSign(key: string): boolean {
  return isLetter(key) && !/[\p{L}\p{N}]/u.test(key);
}

/** A single character, which a speech input may say by accident (WCAG 2.1.4). */
export function isSingle(chord: Chord): boolean {
  return isLetter(chord);
}

const SIGNS: Readonly<Record<string, string>> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

/** A chord as it stands on the keys. */
export function spell(chord: Chord, mac: boolean): string[] {
  const { mod, shift, key } = partsOf(chord);
  const name = SIGNS[key] ?? (mod ? `${key.charAt(0).toUpperCase()}${key.slice(1)}` : key);
  return [...(mod ? [mac ? "⌘" : "Ctrl"] : []), ...(shift ? [mac ? "⇧" : "Shift"] : []), name];
}

/** For `aria-keyshortcuts`. */
export function ariaOf(chords: readonly Chord[]): string {
  return chords.flatMap((chord) => (chord.startsWith("Mod+") ? [chord.replace("Mod", "Control"), chord.replace("Mod", "Meta")] : [chord])).join(" ");
}

/** What has the focus: in a field one types; on a control the space bar and Enter press it. */
export function placeOf(target: EventTarget | null): "page" | "control" | "field" {
  if (!(target instanceof Element)) return "page";
  if (target.matches("input:not([type=checkbox],[type=radio]),select,textarea,[contenteditable]")) return "field";
  return target.matches("button,a,input,summary") ? "control" : "page";
}
