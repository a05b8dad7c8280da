// Looks at what is between this page and the hub: how a request arrives there, whether a WebSocket opens, whether pieces come one by one,
// how long a silence may last. What it means is for `doctor.ts` to say. Nothing here is a view: no host has anything to do for it.

import { fetchConnection, probeUrl } from "./api";
import { MARGIN_S, type Evidence } from "./doctor";

/** For a WebSocket to open and to speak, in milliseconds. */
const OPEN_MS = 5000;
/** Pieces that are asked for, and the pause before each but the first, in milliseconds. */
const PIECES = 5;
const PAUSE_MS = 250;

/** Looks, and tells each piece of evidence as it is found, until `signal` ends it. */
export async function look(tell: (more: Partial<Evidence>) => void, signal: AbortSignal): Promise<void> {
  const report = await fetchConnection(null, signal);
  tell({ report });
  if (!report.admitted) return;
  const silent = (report.silence + MARGIN_S) * 1000;
  const streams = arrivals(PIECES, PAUSE_MS, signal).then(({ times, whole }) => {
    // An answer that broke off says nothing about how its pieces came.
    if (whole) tell({ spread: { sent: (PIECES - 1) * PAUSE_MS, came: (times.at(-1) ?? 0) - (times[0] ?? 0) } });
  });
  const opens = tryWebSocket(silent, tell, signal);
  await Promise.all([streams, opens]);
}

async function tryWebSocket(silent: number, tell: (more: Partial<Evidence>) => void, signal: AbortSignal): Promise<void> {
  const name = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const { state, ended } = openWebSocket(name, silent, signal);
  const websocket = await state;
  const { probe } = websocket === "open" ? { probe: null } : await fetchConnection(name, signal);
  tell({ websocket, probe });
  const lasted = websocket === "open" ? await ended : await trySilence(silent, signal);
  if (!signal.aborted) tell({ silence: lasted });
}

interface Tried {
  state: Promise<"open" | "mute" | "closed">;
  ended: Promise<{ seconds: number; whole: boolean }>;
}

function openWebSocket(name: string, silent: number, signal: AbortSignal): Tried {
  const url = new URL(probeUrl([["name", name], ["pause", String(silent)]]));
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  signal.addEventListener("abort", () => socket.close());
  let begun = performance.now();
  let whole = false;
  const state = new Promise<"open" | "mute" | "closed">((resolve) => {
    let opened = false;
    setTimeout(() => resolve(opened ? "mute" : "closed"), OPEN_MS);
    socket.onopen = () => (opened = true);
    socket.onmessage = ({ data }) => {
      if (data === "end") whole = true;
      else begun = performance.now();
      resolve("open");
    };
    socket.addEventListener("close", () => resolve(opened ? "mute" : "closed"));
  });
  const ended = new Promise<{ seconds: number; whole: boolean }>((resolve) => {
    socket.addEventListener("close", () => resolve({ seconds: since(begun), whole }));
  });
  return { state, ended };
}

/** The same over an answer that does not end soon. */
async function trySilence(silent: number, signal: AbortSignal): Promise<{ seconds: number; whole: boolean }> {
  const begun = performance.now();
  const { whole } = await arrivals(2, silent, signal);
  return { seconds: since(begun), whole };
}

function since(begun: number): number {
  return Math.round((performance.now() - begun) / 1000);
}

/** When pieces came that were sent with pauses between them, and whether all of them did. */
async function arrivals(pieces: number, pause: number, signal: AbortSignal): Promise<{ times: number[]; whole: boolean }> {
  const times: number[] = [];
  let text = "";
  try {
    const response = await fetch(probeUrl([["pieces", String(pieces)], ["pause", String(pause)]]), { cache: "no-store", signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      times.push(performance.now());
      text += piece.value;
    }
  } catch {
    // Cut on the way: that is what is being looked for.
  }
  return { times, whole: text.includes(`: ${pieces - 1}\n\n`) };
}
