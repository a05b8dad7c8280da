// All that can be done on the page: what it is called, by which key, and where it means something. The keyboard, the palette, the sheet
// of keys and the titles of buttons are made from this table; no key stands anywhere else. Who does it is in `acting.svelte.ts`.
//
// A new action is a line here, its words in both languages, and a handler that a component offers while it is there.

import { m } from "./language";
import type { Chord } from "./keys";

/** `page` is everywhere, `list`, `view` and `processes` are pages; the others are parts that take keys only while they have the focus. */
export const PLACES = ["page", "list", "view", "processes", "field", "tree", "json", "find", "goto", "pattern", "border", "palette", "menu", "sure"] as const;
export type Place = (typeof PLACES)[number];

/** Places whose keys are for the whole window. */
export const WIDE: ReadonlySet<Place> = new Set(["page", "list", "view", "processes"]);

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
  "page.processes": action("page", () => m.action_processes),
  "page.hub": action("page", () => m.action_hub),
  "connection.check": action("page", () => m.action_connection),
  "theme.system": action("page", () => m.action_theme_system),
  "theme.light": action("page", () => m.action_theme_light),
  "theme.dark": action("page", () => m.action_theme_dark),
  "language.en": action("page", () => m.action_language_en),
  "language.zh": action("page", () => m.action_language_zh),
  logout: action("page", () => m.action_logout),
  back: action("page", () => m.action_back, ["Escape"], { typing: true, bare: true }),

  "list.filter": action("list", () => m.action_list_filter, ["/"]),
  "list.rows": action("list", () => m.action_list_rows, ["ArrowDown", "j"], BARE),
  "list.together": action("list", () => m.action_list_together, ["o"]),
  "list.panes": action("list", () => m.action_list_panes, ["p"]),

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
  "view.highlight": action("view", () => m.action_highlight, ["h"]),
  "view.goto": action("view", () => m.action_goto, [":"]),
  "found.next": action("view", () => m.action_next, ["Enter"], BARE),
  "found.previous": action("view", () => m.action_previous, ["Shift+Enter"], BARE),
  "view.share": action("view", () => m.action_share, ["s"]),
  "view.aloud": action("view", () => m.action_aloud, ["r"]),
  "view.wall": action("view", () => m.action_wall, ["b"]),
  "view.connect": action("view", () => m.action_connect),
  "view.download": action("view", () => m.action_download),
  "select.down": action("view", () => m.action_select_down, ["Shift+ArrowDown"], BARE),
  "select.up": action("view", () => m.action_select_up, ["Shift+ArrowUp"], BARE),
  "select.all": action("view", () => m.action_select_all, ["Mod+a"]),

  "view.writers": action("view", () => m.action_writers),

  "processes.find": action("processes", () => m.action_processes_find, ["/"]),
  "processes.down": action("processes", () => m.action_processes_down, ["j", "ArrowDown"], BARE),
  "processes.up": action("processes", () => m.action_processes_up, ["k", "ArrowUp"], BARE),

  "field.down": action("field", () => m.action_field_down, ["ArrowDown"], BARE),
  "field.open": action("field", () => m.action_field_open, ["Enter"], BARE),
  "tree.down": action("tree", () => m.action_tree_down, ["ArrowDown", "j"], BARE),
  "tree.up": action("tree", () => m.action_tree_up, ["ArrowUp", "k"], BARE),
  "tree.pagedown": action("tree", () => m.action_pagedown, ["PageDown"], BARE),
  "tree.pageup": action("tree", () => m.action_pageup, ["PageUp"], BARE),
  "tree.first": action("tree", () => m.action_tree_first, ["Home"], BARE),
  "tree.last": action("tree", () => m.action_tree_last, ["End"], BARE),
  "tree.in": action("tree", () => m.action_tree_in, ["ArrowRight"], BARE),
  "tree.out": action("tree", () => m.action_tree_out, ["ArrowLeft"], BARE),
  "tree.open": action("tree", () => m.action_tree_open, ["Enter"], BARE),
  "tree.tick": action("tree", () => m.action_tree_tick, ["Space"], BARE),
  "json.down": action("json", () => m.action_json_down, ["ArrowDown"], BARE),
  "json.up": action("json", () => m.action_json_up, ["ArrowUp"], BARE),
  "json.first": action("json", () => m.action_json_first, ["Home"], BARE),
  "json.last": action("json", () => m.action_json_last, ["End"], BARE),
  "json.in": action("json", () => m.action_tree_in, ["ArrowRight"], BARE),
  "json.out": action("json", () => m.action_tree_out, ["ArrowLeft"], BARE),
  "json.open": action("json", () => m.action_json_open, ["Enter", "Space"], BARE),

  "find.on": action("find", () => m.action_next, ["Enter"], BARE),
  "find.back": action("find", () => m.action_previous, ["Shift+Enter"], BARE),
  "find.keep": action("find", () => m.action_highlight, ["Mod+Enter"], BARE),
  "find.close": action("find", () => m.action_close, ["Escape"], BARE),
  "goto.close": action("goto", () => m.action_close, ["Escape"], BARE),
  "pattern.add": action("pattern", () => m.action_pattern_add, ["Enter"], BARE),
  "pattern.take": action("pattern", () => m.action_pattern_take, ["Backspace"], BARE),
  "palette.down": action("palette", () => m.action_palette_down, ["ArrowDown"], BARE),
  "palette.up": action("palette", () => m.action_palette_up, ["ArrowUp"], BARE),
  "palette.take": action("palette", () => m.action_palette_take, ["Enter"], BARE),
  "palette.add": action("palette", () => m.action_palette_add, ["Mod+Enter"], BARE),
  "border.less": action("border", () => m.action_border_less, ["ArrowLeft", "ArrowUp"], BARE),
  "border.more": action("border", () => m.action_border_more, ["ArrowRight", "ArrowDown"], BARE),
  "menu.down": action("menu", () => m.action_menu_down, ["ArrowDown"], BARE),
  "menu.up": action("menu", () => m.action_menu_up, ["ArrowUp"], BARE),
  "sure.back": action("sure", () => m.action_sure_back, ["Escape"], BARE),
} satisfies Record<string, Action>;

export type ActionId = keyof typeof ACTIONS;
export const IDS = Object.keys(ACTIONS) as ActionId[];

export function actionOf(id: ActionId): Action {
  return ACTIONS[id];
}

export function keysOf(id: ActionId): readonly Chord[] {
  return actionOf(id).keys ?? [];
}
