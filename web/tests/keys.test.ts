import { expect, test } from "vitest";
import { ACTIONS, actionOf, IDS, keysOf, WIDE } from "../src/actions";
import { ariaOf, isForPage, isPressed, spell, TAKEN, typed, type Pressed } from "../src/keys";

function press(key: string, held: Partial<Pressed> = {}): Pressed {
  return { key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held };
}

test("a letter is the one that the keyboard gives, whether or not Shift made it", () => {
  expect(isPressed("G", press("G", { shiftKey: true }))).toBe(true);
  expect(isPressed("g", press("G", { shiftKey: true }))).toBe(false);
  expect(isPressed("?", press("?", { shiftKey: true }))).toBe(true);
  expect(isPressed("Space", press(" "))).toBe(true);
});

test("with a key of the browser or the system held, a letter means nothing", () => {
  for (const held of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) expect(isPressed("j", press("j", held))).toBe(false);
});

test("a sign that a layout writes with AltGr is found, a letter is not", () => {
  const altGr = { ctrlKey: true, altKey: true };
  expect(isPressed("/", press("/", altGr))).toBe(true);
  expect(isPressed("j", press("j", altGr))).toBe(false);
});

test("Mod is Ctrl or Cmd, and Shift is asked for by name", () => {
  expect(isPressed("Mod+k", press("k", { ctrlKey: true }))).toBe(true);
  expect(isPressed("Mod+k", press("k", { metaKey: true }))).toBe(true);
  expect(isPressed("Mod+k", press("K", { ctrlKey: true, shiftKey: true }))).toBe(false);
  expect(isPressed("Shift+ArrowDown", press("ArrowDown"))).toBe(false);
  expect(isPressed("ArrowDown", press("ArrowDown", { shiftKey: true }))).toBe(false);
});

test("keys of an input method are not ours", () => {
  expect(isPressed("Enter", press("Enter", { isComposing: true }))).toBe(false);
});

test("a chord is spelled as the reader's keyboard has it", () => {
  expect(spell("Mod+k", false)).toEqual(["Ctrl", "K"]);
  expect(spell("Mod+k", true)).toEqual(["⌘", "K"]);
  expect(ariaOf(["f", "Mod+f"])).toBe("f Control+f Meta+f");
});

test("no key means two things in one place, and none of a page something else everywhere", () => {
  const taken = new Map<string, string[]>();
  for (const id of IDS) {
    const { where } = ACTIONS[id];
    const reach = where === "page" ? ["page", "list", "view"] : [where];
    for (const chord of keysOf(id)) for (const place of reach) taken.set(`${place} ${chord}`, [...(taken.get(`${place} ${chord}`) ?? []), id]);
  }
  expect([...taken.values()].filter((ids) => ids.length > 1)).toEqual([]);
});

test("no key is one that browsers or screen readers live by", () => {
  // Ctrl+F is taken on purpose: the browser would find only what is in the document.
  const browser = ["t", "w", "n", "l", "r", "p", "d", "h", "j", "s", "c", "v", "x", "z", "o", "u", "+", "-", "0"].map((key) => `Mod+${key}`);
  const others = ["Tab", "Shift+Tab", "F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "CapsLock", "Insert", "ContextMenu"];
  const theirs = new Set([...browser, ...others]);
  expect(IDS.flatMap((id) => keysOf(id)).filter((chord) => theirs.has(chord))).toEqual([]);
});

test("of the keys of the whole window, only those with Ctrl and Escape reach an action while one types", () => {
  const typing = IDS.filter((id) => WIDE.has(ACTIONS[id].where) && actionOf(id).typing).flatMap((id) => keysOf(id));
  expect(typing.filter((chord) => !chord.startsWith("Mod+") && chord !== "Escape" && chord.length > 1)).toEqual([]);
});

test("every action has words", () => {
  expect(IDS.filter((id) => ACTIONS[id].words() === "")).toEqual([]);
});

test("before the page is there each of its keys is kept for it, and those of the browser are left alone", () => {
  const wide = IDS.filter((id) => WIDE.has(actionOf(id).where)).flatMap(keysOf);
  expect(new Set(TAKEN)).toEqual(new Set(wide.filter((chord) => chord.includes("Mod+"))));
  for (const chord of wide) {
    const pieces = chord.split("+");
    const key = pieces.at(-1) ?? "";
    expect(isForPage(press(key === "Space" ? " " : key, { ctrlKey: pieces.includes("Mod"), shiftKey: pieces.includes("Shift") })), chord).toBe(true);
  }
  for (const [key, held] of [["r", { ctrlKey: true }], ["l", { metaKey: true }], ["ArrowLeft", { altKey: true }], ["Tab", {}], ["F5", {}], ["Shift", {}], ["Dead", {}]] as const)
    expect(isForPage(press(key, held)), key).toBe(false);
});

test("a letter that was kept is written at the end of a field, and Backspace takes one away", () => {
  expect([typed("ap", press("p")), typed("app", press("Backspace")), typed("app", press("Enter"))]).toEqual(["app", "ap", null]);
});
