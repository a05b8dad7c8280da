// What the hub says against something, in the reader's language. It gives a reason as a word beside its own, which are English; where the
// page does not know the word, the hub's are shown. Between answers of the hub and whatever shows why not. Pure, but for the language.

import { duration } from "./amounts";
import { m } from "./language";
import { visible } from "./text";
import { whyAway } from "./tidings";

/** A reason as it stands in a problem, or beside a host that is away or has not answered. */
export interface Reason {
  readonly words: string;
  readonly why?: string | null | undefined;
  /** Of a pattern that is wrong: what it is, and the character where it is. */
  readonly pattern?: string | undefined;
  readonly column?: number | undefined;
  /** Seconds after which it may be tried again. */
  readonly wait?: number | undefined;
}

/** `host`: who was asked, where that is one. */
export function hubWords({ words, why, pattern, column, wait }: Reason, host: string | null): string {
  const known = why ?? "";
  const mistake = pattern === undefined ? undefined : mistakeIn(known, visible(pattern), column);
  return mistake ?? (host === null ? undefined : whyAway(known, visible(host))) ?? REFUSALS[known]?.(wait) ?? visible(words);
}

function mistakeIn(why: string, pattern: string, column: number | undefined): string | undefined {
  const wrong = PATTERNS[why]?.();
  if (wrong === undefined) return undefined;
  return column === undefined ? m.refused_pattern(pattern, wrong) : m.refused_pattern_at(pattern, column, wrong);
}

/** What is wrong with a pattern, and what to write instead. */
const PATTERNS: Readonly<Record<string, () => string>> = {
  backreference: () => m.refused_backreference,
  class_range: () => m.refused_class_range,
  class_unclosed: () => m.refused_class_unclosed,
  escape_unfinished: () => m.refused_escape_unfinished,
  escape_unknown: () => m.refused_escape_unknown,
  group_unclosed: () => m.refused_group_unclosed,
  group_unopened: () => m.refused_group_unopened,
  look_around: () => m.refused_look_around,
  matches_no_line: () => m.refused_matches_no_line,
  pattern_too_big: () => m.refused_pattern_too_big,
  pattern_too_long: () => m.refused_pattern_too_long,
  repetition_count: () => m.refused_repetition_count,
  repetition_of_nothing: () => m.refused_repetition_of_nothing,
};

const REFUSALS: Readonly<Record<string, (wait: number | undefined) => string>> = {
  bad_glob: () => m.refused_bad_glob,
  bad_name: () => m.refused_bad_name,
  foreign_page: () => m.refused_foreign_page,
  many_log_in: () => m.refused_many_log_in,
  name_taken: () => m.refused_name_taken,
  no_password: () => m.refused_no_password,
  no_such_process: () => m.refused_no_such_process,
  no_such_token: () => m.refused_no_such_token,
  not_found: () => m.refused_not_found,
  not_the_owner: () => m.refused_not_the_owner,
  read_only: () => m.refused_read_only,
  stranger: () => m.refused_stranger,
  stranger_by_proxy: () => m.refused_stranger_by_proxy,
  too_many_attempts: (wait) => (wait === undefined ? m.refused_too_many_attempts : m.refused_too_many_attempts_wait(duration(wait))),
  too_many_patterns: () => m.refused_too_many_patterns,
};
