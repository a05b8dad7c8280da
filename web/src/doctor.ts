// What is between this page and the hub, and what a proxy there leaves out: findings from evidence, each with the lines that mend it.
// `probe.ts` looks, `parts/Doctor.svelte` shows. Pure, but for the language.
//
// It refuses to guess: what nothing speaks for is said to be unknown, and lines are given only for what was found missing.

import { m } from "./language";
import { FORWARDED, hostHeader, HTTP_1_1, NO_BUFFER, PATIENCE, UPGRADE } from "./remedy";
import type { Arrived, Connection } from "./shapes";

export const CHECKS = ["name", "http", "websocket", "streaming", "silence", "client"] as const;
export type Check = (typeof CHECKS)[number];
export type Outcome = "ok" | "missing" | "unknown" | "looking";

/** What was found so far; null where it has not been looked at. */
export interface Evidence {
  /** Where the page is, as the browser calls it. `port` is empty where it is that of the scheme. */
  page: { origin: string; hostname: string; port: string; path: string };
  report: Connection | null;
  websocket: "open" | "mute" | "closed" | null;
  /** How the WebSocket arrived at the hub. */
  probe: Arrived | null;
  /** Pieces that were sent over some time came within so many milliseconds. */
  spread: { sent: number; came: number } | null;
  /** How long a silent connection lasted, and whether to its end. */
  silence: { seconds: number; whole: boolean } | null;
}

export interface Finding {
  check: Check;
  outcome: Outcome;
  words: string;
  /** Lines for nginx, and for the hub's own configuration. */
  nginx: readonly string[];
  hub: readonly string[];
}

type Found = Pick<Finding, "outcome" | "words"> & Partial<Finding>;

/** All checks, in their order. */
export function diagnose(evidence: Evidence): Finding[] {
  const { report } = evidence;
  return CHECKS.map((check) => {
    const found: Found = report ? RULES[check](evidence, report) : LOOKING;
    return { nginx: [], hub: [], ...found, check };
  });
}

const LOOKING: Found = { outcome: "looking", words: "" };
const ok = (words: string): Found => ({ outcome: "ok", words });
const unknown = (words: string): Found => ({ outcome: "unknown", words });

const RULES: Readonly<Record<Check, (evidence: Evidence, report: Connection) => Found>> = { name, http, websocket, streaming, silence, client };

function name({ page }: Evidence, { arrived, host_known, origin_known }: Connection): Found {
  const came = arrived.host ?? "";
  const asked = page.port === "" ? page.hostname : `${page.hostname}:${page.port}`;
  const other = nameOf(came) !== page.hostname.toLowerCase();
  if (other || (origin_known === false && came !== asked)) {
    return { outcome: "missing", words: m.doctor_name_changed(asked, came), nginx: hostHeader(page.port) };
  }
  if (host_known && origin_known !== false) return ok(m.doctor_name_ok(came));
  return { outcome: "missing", words: m.doctor_name_foreign(came), hub: [`public_url = "${page.origin}${page.path.replace(/\/$/, "")}"`] };
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}

function http({ probe }: Evidence, { arrived }: Connection): Found {
  const old = [arrived.version, probe?.version].find((version) => version !== undefined && version < "HTTP/1.1");
  return old === undefined ? ok(arrived.version) : { outcome: "missing", words: m.doctor_http_old(old), nginx: HTTP_1_1 };
}

function websocket({ websocket: state, probe }: Evidence, { admitted, origin_known }: Connection): Found {
  if (!admitted) return unknown(m.doctor_login);
  if (state === null) return LOOKING;
  if (state === "open") return ok(m.doctor_websocket_ok);
  // The gate refuses it unseen; what to do about it stands at the name.
  if (!probe) return origin_known === false ? unknown(m.doctor_websocket_refused) : { outcome: "missing", words: m.doctor_websocket_stopped };
  if (!/websocket/i.test(probe.upgrade ?? "") || !/upgrade/i.test(probe.connection ?? "")) {
    return { outcome: "missing", words: m.doctor_websocket_upgrade, nginx: UPGRADE };
  }
  // Over HTTP/1.0 there is none; that stands above.
  if (probe.version < "HTTP/1.1") return { outcome: "missing", words: m.doctor_websocket_old };
  return { outcome: "missing", words: state === "mute" ? m.doctor_websocket_mute : m.doctor_websocket_back };
}

function streaming({ spread }: Evidence, { admitted }: Connection): Found {
  if (!admitted) return unknown(m.doctor_login);
  if (!spread) return LOOKING;
  if (spread.came > spread.sent / 2) return ok(m.doctor_streaming_ok);
  return { outcome: "missing", words: m.doctor_streaming_held, nginx: NO_BUFFER };
}

function silence({ silence: lasted }: Evidence, { admitted, silence: needed }: Connection): Found {
  if (!admitted) return unknown(m.doctor_login);
  if (!lasted) return { outcome: "looking", words: m.doctor_silence_looking(needed + MARGIN_S) };
  if (lasted.whole) return ok(m.doctor_silence_ok(lasted.seconds));
  return { outcome: "missing", words: m.doctor_silence_cut(lasted.seconds, needed), nginx: PATIENCE };
}

/** A silence is tried for so much longer than the hub may be silent, in seconds. */
export const MARGIN_S = 2;

function client({ page }: Evidence, { arrived, trusted, peer, port, passed_on, probe }: Connection): Found {
  const here = page.port === "" ? (page.origin.startsWith("https:") ? 443 : 80) : Number(page.port);
  if (arrived.forwarded_for !== null) {
    if (trusted) return ok(m.doctor_client_ok);
    const proxy = peer ?? m.doctor_client_address;
    return { outcome: "missing", words: m.doctor_client_untrusted(proxy), hub: [`trusted_proxies = ["${proxy}"]`] };
  }
  if (passed_on === null && here === port && !probe?.via) return ok(m.doctor_client_straight);
  // A tunnel (ssh -L) changes the port, too, and has nobody to speak for.
  if (passed_on === null && LOCAL.test(page.hostname)) return unknown(m.doctor_client_tunnel(here, port));
  return { outcome: "missing", words: m.doctor_client_nobody, nginx: FORWARDED };
}

const LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/;
