// Questions about the hub itself: its numbers, its tokens, and the end of all sessions. Errors are those of `api.ts`.

import type { Pair } from "./address";
import { ask, send } from "./api";
import type { HubNow, NewToken, TokenRow } from "./hubshapes";

export function fetchHub(query: { q: string; agents: number }, signal?: AbortSignal): Promise<HubNow> {
  const q: Pair[] = query.q === "" ? [] : [["q", query.q]];
  return ask<HubNow>("hub", [...q, ["agents", String(query.agents)]], signal);
}

export async function fetchTokens(signal?: AbortSignal): Promise<TokenRow[]> {
  return (await ask<{ tokens: TokenRow[] }>("tokens", [], signal)).tokens;
}

/** What it is for: patterns of hosts for an agent, of logs to push to. A name that is empty is chosen by the hub. */
export async function addToken(kind: TokenRow["kind"], what: readonly string[], name: string): Promise<NewToken> {
  const [hosts, logs] = [kind === "agent" ? what : [], kind === "push" ? what : []];
  const body = JSON.stringify({ kind, hosts, logs, name: name === "" ? null : name });
  const answer = await send("tokens", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  return (await answer.json()) as NewToken;
}

export async function removeToken(name: string): Promise<void> {
  await send(`tokens/${encodeURIComponent(name)}`, { method: "DELETE" });
}

export async function logoutAll(): Promise<void> {
  await send("logout/all", { method: "POST" });
}
