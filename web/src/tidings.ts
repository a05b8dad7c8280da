// What befell a log, in the page's own words: what happened, and what to do about it where anything can be done.
// It stands between a mark (`stream.ts`) and the row that shows it. The hub says the same in English; those words are shown only
// where the kind says nothing by itself (an error), or where the page does not know it. Pure, but for the language.

import { size } from "./amounts";
import { m } from "./language";
import type { LogName } from "./shapes";
import type { Mark } from "./marks";
import { hostOf, nameOf } from "./tags";
import { visible } from "./text";

export interface Tiding {
  title: string;
  words: string;
  /** What to do; empty where there is nothing to be done. */
  todo: string;
}

/** What a mark in a log says. */
export function tidingOf(log: LogName, mark: Mark): Tiding {
  const host = visible(hostOf(log));
  const because = mark.why ?? "";
  switch (mark.kind) {
    case "gap":
      return { title: m.mark_gap, words: m.mark_gap_words(amount(mark.bytes)), todo: GAPS[because]?.() ?? "" };
    case "lost":
      return { title: m.mark_lost, words: LOSSES[because]?.(amount(mark.bytes)) ?? spoken(mark.words), todo: m.mark_lost_todo };
    case "rotated":
      return { title: m.mark_rotated, words: m.mark_rotated_words, todo: "" };
    case "truncated":
      return because === "hole"
        ? { title: m.mark_hole, words: m.mark_hole_words(amount(mark.bytes)), todo: "" }
        : { title: m.mark_truncated, words: m.mark_truncated_words, todo: m.mark_truncated_todo };
    case "gone":
      return { title: m.mark_gone, words: GONE[because]?.() ?? OBSTACLES[because]?.(host)[0] ?? spoken(mark.words), todo: m.mark_gone_todo };
    case "waiting":
    case "error":
      return hindered(host, mark.kind, because, mark.words);
    case "unfinished":
      return { title: m.mark_unfinished, words: m.mark_unfinished_words, todo: "" };
    case "polling":
      return polled(because, mark.words);
    case "agent_lost":
      return { title: m.mark_agent_lost, words: m.mark_agent_lost_words(host), todo: AWAY[because]?.(host) ?? `${hubSays(mark.words)}${m.mark_agent_lost_todo(host)}` };
    case "agent_back":
      return { title: m.mark_agent_back, words: m.mark_agent_back_words(host), todo: "" };
    case "limit":
      return { title: m.mark_limit, words: mark.bytes ? m.mark_limit_words(size(mark.bytes)) : spoken(mark.words), todo: m.mark_limit_todo };
    case "joined":
      return { title: m.mark_joined, words: m.mark_joined_words(visible(nameOf(log)), host), todo: "" };
    case "left":
      return { title: m.mark_left, words: m.mark_left_words(visible(nameOf(log)), host), todo: m.mark_left_todo };
  }
}

/** Why something was skipped, and so what would help. */
const GAPS: Readonly<Record<string, () => string>> = {
  fast_log: () => m.mark_gap_fast_log,
  slow_link: () => m.mark_gap_slow_link,
  between_hubs: () => m.mark_gap_between_hubs,
  slow_viewer: () => m.mark_gap_slow_viewer,
  late_writer: () => m.mark_gap_late_writer,
};

const LOSSES: Readonly<Record<string, (bytes: string) => string>> = {
  not_found: (bytes) => m.mark_lost_not_found(bytes),
  rewritten: (bytes) => m.mark_lost_rewritten(bytes),
  stale: (bytes) => m.mark_lost_stale(bytes),
};

const GONE: Readonly<Record<string, () => string>> = {
  deleted: () => m.mark_gone_deleted,
  moved: () => m.mark_gone_moved,
};

/** What stands in the way of reading, and what to do about it. */
const OBSTACLES: Readonly<Record<string, (host: string) => [words: string, todo: string]>> = {
  not_there: () => [m.mark_not_there, m.mark_not_there_todo],
  denied: (host) => [m.mark_denied(host), m.mark_denied_todo],
  not_regular: () => [m.mark_not_regular, m.mark_not_regular_todo],
  not_offered: (host) => [m.mark_not_offered(host), m.mark_not_offered_todo],
  link_loop: () => [m.mark_link_loop, m.mark_link_loop_todo],
  no_descriptor: (host) => [m.mark_no_descriptor(host), m.mark_no_descriptor_todo],
  disk_hangs: (host) => [m.mark_disk_hangs(host), m.mark_disk_hangs_todo],
  slow_answer: (host) => [m.mark_slow_answer(host), m.mark_slow_answer_todo],
  busy: (host) => [m.mark_busy(host), m.mark_busy_todo],
};

function hindered(host: string, kind: "waiting" | "error", because: string, words: string): Tiding {
  const [said, todo] = OBSTACLES[because]?.(host) ?? [spoken(words), ""];
  const title = because === "not_offered" ? m.mark_not_offered_title : kind === "waiting" ? m.mark_waiting : m.mark_error;
  return { title, words: said, todo };
}

const POLLED: Readonly<Record<string, () => [words: string, todo: string]>> = {
  network: () => [m.mark_polling_network, ""],
  no_watches: () => [m.mark_polling_full, m.mark_polling_no_watches_todo],
  no_instances: () => [m.mark_polling_full, m.mark_polling_no_instances_todo],
  not_watched: () => [m.mark_polling_not_watched, ""],
};

function polled(because: string, words: string): Tiding {
  if (because === "watched") return { title: m.mark_watched, words: m.mark_watched_words, todo: "" };
  const [said, todo] = POLLED[because]?.() ?? [spoken(words), ""];
  return { title: m.mark_polling, words: said, todo };
}

/** Why a host is away, and what to do about it. */
const AWAY: Readonly<Record<string, (host: string) => string>> = {
  agent_stopped: (host) => m.mark_agent_lost_agent_stopped(host),
  link_down: (host) => m.mark_agent_lost_link_down(host),
  taken_over: (host) => m.mark_agent_lost_taken_over(host),
  not_reading: () => m.mark_agent_lost_not_reading,
  not_admitted: (host) => m.mark_agent_lost_not_admitted(host),
  never_here: (host) => m.mark_agent_lost_never_here(host),
  slow_answer: (host) => m.mark_agent_lost_slow_answer(host),
  hub_stopped: () => m.mark_agent_lost_hub_stopped,
  broker_down: (host) => m.mark_agent_lost_broker_down(host),
  hub_lost: (host) => m.mark_agent_lost_hub_lost(host),
};

/** Why a host shows none of its processes. */
const NO_PROCESSES: Readonly<Record<string, (host: string) => string>> = {
  not_a_machine: (host) => m.refused_not_a_machine(host),
  processes_off: (host) => m.refused_processes_off(host),
};

/** Why there is no answer from a host, or none about a log of it; undefined where the page has no words for it. */
export function whyAway(why: string, host: string): string | undefined {
  if (why === "silent") return m.refused_silent(host);
  return AWAY[why]?.(host) ?? NO_PROCESSES[why]?.(host) ?? OBSTACLES[why]?.(host).join(" ");
}

/** Where the hub knows it in words alone. */
function hubSays(words: string): string {
  return words === "" ? "" : `${m.mark_agent_lost_why(visible(words))} `;
}

/** The hub's own words, as the beginning of a sentence. They may name files, so they are shown as a line of a log is. */
function spoken(words: string): string {
  return visible(words.charAt(0).toUpperCase() + words.slice(1));
}

function amount(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined ? "" : size(bytes);
}
