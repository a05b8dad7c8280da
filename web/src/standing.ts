// How a view stands, in words: the connection first, then how current it is. "Live" appears in no other place. Pure, but for the
// language.

import { clock, duration, size } from "./amounts";
import type { Absence, Currency } from "./edges";
import { m } from "./language";
import type { LiveState, Trouble } from "./live";
import type { LogName } from "./shapes";
import { hostOf, nameOf } from "./tags";
import { tidingOf } from "./tidings";
import { visible } from "./text";

export interface Standing {
  tone: "good" | "pending" | "bad" | "still";
  words: string;
  /** Why, or what comes next. */
  more: string;
  /** That is worth a row of its own, which stays for as long as this does. */
  matters: boolean;
  /** The same without what changes each second: read out once, when it comes to be so. */
  said: string;
}

type Said = Omit<Standing, "said" | "matters"> & Partial<Standing>;

const ABSENT: Readonly<Record<Absence, [words: (time: string) => string, said: () => string]>> = {
  agent_lost: [(time) => m.standing_absent_agent_lost(time), () => m.mark_agent_lost],
  gone: [(time) => m.standing_absent_gone(time), () => m.mark_gone],
  waiting: [(time) => m.standing_absent_waiting(time), () => m.standing_absent_not_there],
  error: [(time) => m.standing_absent_error(time), () => m.mark_error],
  not_offered: [() => m.standing_absent_not_offered, () => m.standing_absent_not_offered],
};

/** `online`: whether this device has a network at all. */
export function standing(state: LiveState, currency: Currency, now: number, online: boolean): Standing {
  const said = connection(state, now, online) ?? current(currency);
  return { matters: said.tone === "bad" && said.more !== "", said: said.words, ...said };
}

/** The same of several logs: the worst that is true of one, of which one, and of how many all is well. */
export function standingOfAll(state: LiveState, currencies: ReadonlyMap<LogName, Currency>, worst: Currency, now: number, online: boolean): Standing {
  const said = standing(state, worst, now, online);
  if (state.kind !== "open" || worst.kind === "live") return said;
  const live = [...currencies.values()].filter(({ kind }) => kind === "live").length;
  const words = m.standing_some_live(said.words, live, currencies.size);
  const more = "log" in worst ? m.standing_of(visible(nameOf(worst.log)), visible(hostOf(worst.log)), said.more || said.said) : said.more;
  return { ...said, words, more, matters: said.tone === "bad", said: m.standing_some_live(said.said, live, currencies.size) };
}

/** What the connection says, while there is none that lines come over. */
function connection(state: LiveState, now: number, online: boolean): Said | null {
  switch (state.kind) {
    case "stopped":
      return { tone: "still", words: m.standing_stopped, more: m.standing_stopped_more };
    case "connecting":
      // What ended the last one stays to be read until there is another: nothing jumps at each attempt.
      return state.after ? { ...waiting(state.after, online), words: m.standing_connecting } : { tone: "pending", words: m.standing_connecting, more: "" };
    case "waiting":
      return { ...waiting(state, online), ...(online && { words: m.standing_again(Math.max(0, Math.ceil((state.until - now) / 1000))) }) };
    case "login":
      return { tone: "bad", words: m.standing_login, more: "" };
    case "refused":
      return { tone: "bad", words: m.standing_refused, more: visible(state.words) };
    case "open":
      return null;
  }
}

function waiting({ why, words }: Trouble, online: boolean): Said {
  if (!online) return { tone: "bad", words: m.standing_offline, more: m.standing_offline_more, said: m.standing_offline };
  const more = { lost: m.standing_lost, bye: m.standing_bye, full: m.standing_full, crowded: m.standing_crowded, refused: visible(words) }[why];
  return { tone: why === "bye" ? "pending" : "bad", words: "", more, matters: true, said: more };
}

function current(currency: Currency): Said {
  switch (currency.kind) {
    case "live":
      return { tone: "good", words: m.standing_live, more: m.standing_live_more };
    case "opening":
      return { tone: "pending", words: m.standing_opening, more: "" };
    case "behind":
      return { tone: "pending", words: behind(currency.seconds, currency.bytes), more: m.standing_behind_more, said: m.standing_behind_little };
    case "silent": {
      const more = m.standing_silent_more(visible(hostOf(currency.log)), clock(currency.since));
      return { tone: "bad", words: m.standing_silent(duration(currency.seconds)), more, said: more };
    }
    case "absent": {
      const [words, said] = ABSENT[currency.why];
      return { tone: "bad", words: words(duration(currency.seconds)), more: why(currency), said: said() };
    }
  }
}

/** The row among the lines says it in full; above them the first sentence is enough. */
function why({ log, why }: Extract<Currency, { kind: "absent" }>): string {
  return why === "agent_lost" ? tidingOf(log, { kind: why, words: "" }).words : "";
}

function behind(seconds: number, bytes: number): string {
  const parts = [seconds > 0 ? duration(seconds) : "", bytes > 0 ? size(bytes) : ""].filter(Boolean);
  return parts.length === 0 ? m.standing_behind_little : m.standing_behind(parts.join(", "));
}
