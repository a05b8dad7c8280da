// What is wrong with a process, in the reader's language: made from the figures of a finding, and where a newer agent names a pattern that
// is not known here, its own words. Pure.

import { duration } from "./amounts";
import { number } from "./digits";
import { m } from "./language";
import { kindWords, remoteWords } from "./phrases";
import type { Finding, Process } from "./procshapes";
import { visible } from "./text";

const NAMES: Readonly<Record<string, () => string>> = {
  leak: () => m.procs_found_leak,
  spin: () => m.procs_found_spin,
  at_limit: () => m.procs_found_at_limit,
};

/** What a leak is of where that says which mistake it is: one is mended in another place than the other. */
const LEAKS: Readonly<Record<string, () => string>> = {
  not_closed: () => m.procs_found_leak_not_closed,
  connections: () => m.procs_found_leak_connections,
  clients: () => m.procs_found_leak_clients,
};

export function nameOfFinding({ pattern, cause }: Finding): string {
  return (pattern === "leak" ? LEAKS[cause ?? ""]?.() : undefined) ?? NAMES[pattern]?.() ?? visible(pattern);
}

/** The evidence, in figures. */
export function evidence(process: Process, finding: Finding): string {
  if (finding.pattern === "leak") return growth(finding) ?? visible(finding.words);
  if (finding.pattern !== "spin" && finding.pattern !== "at_limit") return visible(finding.words);
  const full = m.procs_full(number(process.fds ?? 0), number(process.soft ?? 0));
  const queues = (finding.full ?? []).map(({ queue, backlog, address }) => m.procs_full_queue(queue, backlog == null ? null : number(backlog), visible(address)));
  return `${full}${finding.pattern === "spin" ? busy(process, finding) : ""}${queues.join("")}`;
}

/** What a thread wants, and from an older agent what all of them get. */
function busy({ cpu }: Process, { demand }: Finding): string {
  if (demand != null) return m.procs_full_demand(number(demand));
  return cpu == null ? "" : m.procs_full_busy(number(cpu));
}

function growth({ per_minute: pace, minutes, share, cause, peer, addresses, seconds_left: left }: Finding): string | null {
  if (pace == null || minutes == null) return null;
  const grew = m.procs_leak_grew(number(pace, pace < 9.95 ? 1 : 0), minutes);
  const percent = share == null || share >= 95 ? null : number(share);
  const what = peer != null ? m.procs_leak_peer(percent, remoteWords(peer, addresses)) : cause != null ? m.procs_leak_kind(percent, kindWords(cause)) : "";
  return `${grew}${what}${left == null ? "" : m.procs_leak_left(duration(left))}`;
}

const ADVICE: Readonly<Record<string, () => string>> = {
  not_closed: () => m.procs_advice_not_closed,
  connections: () => m.procs_advice_connections,
  clients: () => m.procs_advice_clients,
  deleted_file: () => m.procs_advice_deleted_file,
  spin: () => m.procs_advice_spin,
  at_limit: () => m.procs_advice_at_limit,
};

/** What it means and where to look. */
export function advice(finding: Finding): string {
  const known = ADVICE[finding.cause ?? finding.pattern];
  if (known) return known();
  if (finding.pattern !== "leak") return visible(finding.advice);
  return finding.cause == null ? m.procs_advice_unknown : m.procs_advice_kind;
}
