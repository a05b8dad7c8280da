// How a view stands, in words: the connection first, then how current it is. "Live" appears in no other place. Pure.

import { duration, size } from "./amounts";
import type { Absence, Currency } from "./edges";
import type { LiveState } from "./live";

export interface Standing {
  tone: "good" | "pending" | "bad" | "still";
  words: string;
  /** Why, or what comes next. */
  more: string;
}

const ABSENT: Record<Absence, string> = {
  agent_lost: "host away",
  gone: "gone",
  waiting: "not there",
  error: "not readable",
};

export function standing(state: LiveState, currency: Currency, now: number): Standing {
  switch (state.kind) {
    case "stopped":
      return { tone: "still", words: "stopped", more: "The host has nothing to do for this view. Start goes on from here." };
    case "connecting":
      return { tone: "pending", words: "connecting", more: "" };
    case "waiting":
      return { tone: "bad", words: `again in ${Math.max(0, Math.ceil((state.until - now) / 1000))} s`, more: state.words };
    case "login":
      return { tone: "bad", words: "logged out", more: "" };
    case "refused":
      return { tone: "bad", words: "refused", more: state.words };
    case "open":
      return current(currency);
  }
}

function current(currency: Currency): Standing {
  switch (currency.kind) {
    case "live":
      return { tone: "good", words: "live", more: "The host confirmed the end of the log within the last 3 s." };
    case "opening":
      return { tone: "pending", words: "opening", more: "" };
    case "behind":
      return { tone: "pending", words: behind(currency.seconds, currency.bytes), more: "" };
    case "silent":
      return { tone: "bad", words: `no word for ${duration(currency.seconds)}`, more: "" };
    case "absent":
      return { tone: "bad", words: `${ABSENT[currency.why]} for ${duration(currency.seconds)}`, more: currency.words };
  }
}

function behind(seconds: number, bytes: number): string {
  const parts = [seconds > 0 ? duration(seconds) : "", bytes > 0 ? size(bytes) : ""].filter(Boolean);
  return `${parts.join(", ") || "a little"} behind`;
}
