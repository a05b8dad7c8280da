// How a view stands, in words: the connection first, then how current it is. "Live" appears in no other place. Pure, but for the
// language.

import { duration, size } from "./amounts";
import type { Absence, Currency } from "./edges";
import { m } from "./language";
import type { LiveState } from "./live";
import { hostOf } from "./tags";
import { tidingOf } from "./tidings";
import { visible } from "./text";

export interface Standing {
  tone: "good" | "pending" | "bad" | "still";
  words: string;
  /** Why, or what comes next. */
  more: string;
}

const ABSENT: Readonly<Record<Absence, (time: string) => string>> = {
  agent_lost: (time) => m.standing_absent_agent_lost(time),
  gone: (time) => m.standing_absent_gone(time),
  waiting: (time) => m.standing_absent_waiting(time),
  error: (time) => m.standing_absent_error(time),
};

/** `online`: whether this device has a network at all. */
export function standing(state: LiveState, currency: Currency, now: number, online: boolean): Standing {
  switch (state.kind) {
    case "stopped":
      return { tone: "still", words: m.standing_stopped, more: m.standing_stopped_more };
    case "connecting":
      return { tone: "pending", words: m.standing_connecting, more: "" };
    case "waiting":
      return waiting(state, now, online);
    case "login":
      return { tone: "bad", words: m.standing_login, more: "" };
    case "refused":
      return { tone: "bad", words: m.standing_refused, more: visible(state.words) };
    case "open":
      return current(currency);
  }
}

function waiting(state: Extract<LiveState, { kind: "waiting" }>, now: number, online: boolean): Standing {
  if (!online) return { tone: "bad", words: m.standing_offline, more: m.standing_offline_more };
  const words = m.standing_again(Math.max(0, Math.ceil((state.until - now) / 1000)));
  const more = { lost: m.standing_lost, bye: m.standing_bye, refused: visible(state.words) }[state.why];
  return { tone: "bad", words, more };
}

function current(currency: Currency): Standing {
  switch (currency.kind) {
    case "live":
      return { tone: "good", words: m.standing_live, more: m.standing_live_more };
    case "opening":
      return { tone: "pending", words: m.standing_opening, more: "" };
    case "behind":
      return { tone: "pending", words: behind(currency.seconds, currency.bytes), more: m.standing_behind_more };
    case "silent": {
      const host = visible(hostOf(currency.log));
      return { tone: "bad", words: m.standing_silent(duration(currency.seconds)), more: m.standing_silent_more(host) };
    }
    case "absent":
      return { tone: "bad", words: ABSENT[currency.why](duration(currency.seconds)), more: why(currency) };
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
