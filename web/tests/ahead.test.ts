import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NO_FILTER, viewOf } from "../src/address";
import { firstLines, openAhead, takeAhead } from "../src/ahead";
import { LAST } from "../src/liveurl";

const LOG = "web1:/a";

class Socket extends EventTarget {
  static made: Socket[] = [];
  onmessage: ((event: MessageEvent) => void) | null = null;
  closed = false;

  constructor(readonly url: URL) {
    super();
    this.addEventListener("message", (event) => this.onmessage?.(event as MessageEvent));
    Socket.made.push(this);
  }

  says(data: string): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  close(): void {
    this.closed = true;
  }
}

const asked = (log = LOG) => ({ logs: [{ log, from: null }], last: LAST, filter: NO_FILTER });

function listens(socket: WebSocket | null): string[] {
  const heard: string[] = [];
  if (socket) socket.onmessage = ({ data }) => heard.push(String(data));
  return heard;
}

beforeEach(() => {
  Socket.made = [];
  vi.stubGlobal("document", { baseURI: "http://hub/" });
  vi.stubGlobal("WebSocket", Socket);
});
afterEach(() => {
  takeAhead(asked());
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("whoever takes the connection is told all that came before, in order, and then what comes", async () => {
  openAhead(viewOf([LOG]));
  Socket.made[0]?.says("one");
  Socket.made[0]?.says("two");
  const heard = listens(takeAhead(asked()));
  await Promise.resolve();
  Socket.made[0]?.says("three");
  expect(heard).toEqual(["one", "two", "three"]);
  expect(takeAhead(asked())).toBeNull();
});

test("it can be taken as soon as the first word has come, also when that is what was waited for", async () => {
  openAhead(viewOf([LOG]));
  const heard = firstLines().then(() => listens(takeAhead(asked())));
  Socket.made[0]?.says("one");
  await vi.waitFor(async () => expect(await heard).toEqual(["one"]));
});

test("the page does not wait for a hub that says nothing", async () => {
  vi.useFakeTimers();
  openAhead(viewOf([LOG]));
  const built = firstLines();
  vi.advanceTimersByTime(50);
  await built;
});

test("a connection that nobody wants is let go: another log, nobody for long, or more than is kept", () => {
  vi.useFakeTimers();
  openAhead(viewOf([LOG]));
  expect(takeAhead(asked("web1:/b"))).toBeNull();
  openAhead(viewOf([LOG]));
  vi.advanceTimersByTime(30_000);
  expect(takeAhead(asked())).toBeNull();
  openAhead(viewOf([LOG]));
  for (let i = 0; i < 9; i++) Socket.made[2]?.says("x".repeat(1 << 20));
  expect(takeAhead(asked())).toBeNull();
  expect(Socket.made.map(({ closed }) => closed)).toEqual([true, true, true]);
});

test("only one log at its live end is asked for ahead", () => {
  for (const view of [viewOf([LOG, "web1:/b"]), { ...viewOf([LOG]), at: "p1" }, { ...viewOf([LOG]), matches: ["web1:*"] }, viewOf([])]) openAhead(view);
  expect(Socket.made).toEqual([]);
});
