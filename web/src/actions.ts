// All that can be done on the page: what it is called, by which key, and where it means something. The keyboard, the palette, the sheet
// of keys and the titles of buttons are made from this table; no key stands anywhere else. Who does it is in `acting.svelte.ts`.
//
// A new action is a line here, its words in both languages, and a handler that a component offers while it is there.

import { m } from "./language";
import type { Chord } from "./keys";

/** `page` is everywhere, `list` and `view` are pages; the others are parts that take keys only while they have the focus. */
export const PLACES = ["page", "list", "view", "tree", "find", "goto", "pattern", "border", "palette", "menu"] as const;
export type Place = (typeof PLACES)[number];

/** Places whose keys are for the whole window. */
export const WIDE: ReadonlySet<Place> = new Set(["page", "list", "view"]);

export interface Action {
  where: Place;
  words: () => string;
  keys?: readonly Chord[];
  /** Its keys work also while one types. */
  typing?: true;
  /** A move that only a key makes; nobody would look for it in the palette. */
  bare?: true;
}

function action(where: Place, words: () => string, keys: readonly Chord[] = [], more: Pick<Action, "typing" | "bare"> = {}): Action {
  return { where, words, keys, ...more };
}

const BARE = { bare: true } as const;

export const ACTIONS = {
  "palette.open": action("page", () => m.action_palette, ["Mod+k"], { typing: true }),
  "keys.show": action("page", () => m.action_keys, ["?"]),
  "page.logs": action("page", () => m.action_logs),
  "page.hub": action("page", () => m.action_hub),
  "theme.system": action("page", () => m.action_theme_system),
  "theme.light": action("page", () => m.action_theme_light),
  "theme.dark": action("page", () => m.action_theme_dark),
  "language.en": action("page", () => m.action_language_en),
  "language.zh": action("page", () => m.action_language_zh),
  logout: action("page", () => m.action_logout),
  back: action("page", () => m.action_back, ["Escape"], { typing: true, bare: true }),

  "list.filter": action("list", () => m.action_list_filter, ["/"]),

  "view.follow": action("view", () => m.action_follow, ["Space"]),
  "view.end": action("view", () => m.action_end, ["G", "End"]),
  "view.start": action("view", () => m.action_start, ["g", "Home"]),
  "view.down": action("view", () => m.action_down, ["j", "ArrowDown"], BARE),
  "view.up": action("view", () => m.action_up, ["k", "ArrowUp"], BARE),
  "view.pagedown": action("view", () => m.action_pagedown, ["PageDown"], BARE),
  "view.pageup": action("view", () => m.action_pageup, ["PageUp"], BARE),
  "view.left": action("view", () => m.action_left, ["ArrowLeft"], BARE),
  "view.right": action("view", () => m.action_right, ["ArrowRight"], BARE),
  "view.wrap": action("view", () => m.action_wrap, ["w"]),
  "view.options": action("view", () => m.action_options),
  "line.menu": action("view", () => m.action_menu, ["m"]),
  "line.open": action("view", () => m.action_open, ["o"]),
  "view.filter": action("view", () => m.action_filter, ["/"]),
  "view.find": action("view", () => m.action_find, ["f", "Mod+f"], { typing: true }),
  "view.next": action("view", () => m.action_next, ["n"]),
  "view.previous": action("view", () => m.action_previous, ["N"]),
  "view.goto": action("view", () => m.action_goto, [":"]),
  "view.connect": action("view", () => m.action_connect),
  "select.down": action("view", () => m.action_select_down, ["Shift+ArrowDown"], BARE),
  "select.up": action("view", () => m.action_select_up, ["Shift+ArrowUp"], BARE),
  "select.all": action("view", () => m.action_select_all, ["Mod+a"]),

  "find.on": action("find", () => m.action_next, ["Enter"], BARE),
  "find.back": action("find", () => m.action_previous, ["Shift+Enter"], BARE),
  "find.close": action("find", () => m.action_close, ["Escape"], BARE),
  "goto.close": action("goto", () => m.action_close, ["Escape"], BARE),
  "pattern.add": action("pattern", () => m.action_pattern_add, ["Enter"], BARE),
  "pattern.take": action("pattern", () => m.action_pattern_take, ["Backspace"], BARE),
  "border.less": action("border", () => m.action_border_less, ["ArrowLeft", "ArrowUp"], BARE),
  "border.more": action("border", () => m.action_border_more, ["ArrowRight", "ArrowDown"], BARE),
  "menu.down": action("menu", () => m.action_menu_down, ["ArrowDown"], BARE),
  "menu.up": action("menu", () => m.action_menu_up, ["ArrowUp"], BARE),
} satisfies Record<string, Action>;

export type ActionId = keyof typeof ACTIONS;
export const IDS = Object.keys(ACTIONS) as ActionId[];

export function actionOf(id: ActionId): Action {
  return ACTIONS[id];
}

export function keysOf(id: ActionId): readonly Chord[] {
  return actionOf(id).keys ?? [];
}
