import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NO_FILTER } from "../src/address";
import { TRANSPORTS, type Ending, type Socket, type Subscription, type Transport } from "../src/transport";
import { Ways } from "../src/ways";

const ASKED: Subscription = { logs: [{ log: "web1:/a", from: null }], last: 200, filter: NO_FILTER };
const EDGE = { data: '{"type":"edge","log":"web1:/a","offset":1}' };
const BYE = { data: '{"type":"bye","retry_ms":1,"words":""}' };

/** The inner end of a connection: what the network would do. */
class Wire implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((ending: Ending) => void) | null = null;
  closed = false;

  constructor(readonly transport: Transport) {}

  send(): void {}
  close(): void {
    this.closed = true;
  }
}

function network() {
  const wires: Wire[] = [];
  const wire = (transport: Transport) => (): Wire => {
    const made = new Wire(transport);
    wires.push(made);
    return made;
  };
  const probe = vi.fn(async () => false);
  const [websocket, events, polls] = TRANSPORTS.map(wire);
  if (!websocket || !events || !polls) throw new Error("three transports");
  const ways = new Ways({ open: { websocket, events, polls }, probe });
  const ends: Ending[] = [];
  const open = (): Wire => {
    const socket = ways.open(ASKED);
    socket.onclose = ((ending: Ending) => ends.push(ending)) as never;
    const last = wires.at(-1);
    if (!last) throw new Error("no wire");
    return last;
  };
  /** Opens, speaks, and is cut at this age. */
  const cutAt = async (ms: number, says = EDGE): Promise<Wire> => {
    const last = open();
    last.onopen?.();
    last.onmessage?.(says);
    await vi.advanceTimersByTimeAsync(ms);
    last.onclose?.({});
    return last;
  };
  return { ways, open, cutAt, ends, probe };
}

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
afterEach(() => vi.useRealTimers());

test("an event stream is left where the browser has no connection to spare for it, and that is told", () => {
  const { ways, open, ends } = network();
  ways.refused();
  ways.refused();
  expect(ways.transport).toBe("events");
  open().onclose?.({ full: true });
  expect(ends).toEqual([{ atOnce: true }]);
  expect(ways.transport).toBe("polls");
  expect(ways.evidence).toEqual({ kind: "full", transport: "events" });
});

describe("a WebSocket is left", () => {
  test("when the hub answers and twice none has come about", () => {
    const { ways, open, ends } = network();
    open().onclose?.({});
    expect(ends).toEqual([{ atOnce: false }]);
    expect(ways.refused()).toBe(true);
    expect(open().transport).toBe("websocket");
    expect(ways.refused()).toBe(true);
    expect(open().transport).toBe("events");
    expect(ways.evidence).toEqual({ kind: "unopened", transport: "websocket" });
  });

  test("when it is open and no word comes through", async () => {
    const { ways, open, ends } = network();
    const wire = open();
    wire.onopen?.();
    await vi.advanceTimersByTimeAsync(6000);
    expect([wire.closed, ends]).toEqual([true, [{ atOnce: true }]]);
    expect(ways.transport).toBe("events");
    expect(ways.evidence).toEqual({ kind: "mute", transport: "websocket" });
  });

  test("when it opens and ends without a word again and again", () => {
    const { ways, open } = network();
    for (let i = 0; i < 3; i++) {
      const wire = open();
      wire.onopen?.();
      wire.onclose?.({});
    }
    expect(ways.evidence).toEqual({ kind: "unopened", transport: "websocket" });
    expect(ways.transport).toBe("events");
  });

  test("when it is cut at the same age again and again", async () => {
    const { ways, cutAt } = network();
    for (const age of [60_010, 60_300, 59_900]) await cutAt(age);
    expect(ways.transport).toBe("events");
    expect(ways.evidence).toEqual({ kind: "cut", transport: "websocket", seconds: 60 });
  });
});

describe("a WebSocket is kept", () => {
  test("when the link is flaky", async () => {
    const { ways, cutAt } = network();
    for (const age of [4000, 61_000, 500, 20_000, 60_000, 9000, 300, 400, 350]) await cutAt(age);
    expect(ways.transport).toBe("websocket");
  });

  test("when the hub says goodbye, however regularly", async () => {
    const { ways, cutAt } = network();
    for (let i = 0; i < 5; i++) await cutAt(10_000, BYE);
    expect(ways.transport).toBe("websocket");
  });

  test("while the hub itself does not answer", () => {
    const { ways, open } = network();
    for (let i = 0; i < 5; i++) open().onclose?.({});
    expect(ways.transport).toBe("websocket");
  });

  test("when one attempt fails now and then", () => {
    const { ways, open } = network();
    for (let i = 0; i < 5; i++) {
      ways.refused();
      const wire = open();
      wire.onopen?.();
      wire.onmessage?.(EDGE);
    }
    expect(ways.transport).toBe("websocket");
  });
});

describe("an event stream", () => {
  async function overEvents() {
    const all = network();
    all.ways.refused();
    all.ways.refused();
    return all;
  }

  test("without a first byte is left for polls once the hub has answered otherwise", async () => {
    const { ways, open, ends } = await overEvents();
    open();
    await vi.advanceTimersByTimeAsync(4000);
    expect(ends).toEqual([{ atOnce: false }]);
    expect(ways.transport).toBe("events");
    expect(ways.refused()).toBe(true);
    expect(open().transport).toBe("polls");
    expect(ways.evidence).toEqual({ kind: "mute", transport: "events" });
  });

  test("that is open may have nothing to tell", async () => {
    const { ways, open } = await overEvents();
    open().onopen?.();
    await vi.advanceTimersByTimeAsync(50_000);
    expect(ways.transport).toBe("events");
  });

  test("is left for a WebSocket that works, which is looked for calmly", async () => {
    const { ways, open, ends, probe } = await overEvents();
    const wire = open();
    wire.onopen?.();
    await vi.advanceTimersByTimeAsync(3600_000);
    expect(probe.mock.calls.length).toBeGreaterThan(2);
    expect(probe.mock.calls.length).toBeLessThan(8);
    expect(wire.closed).toBe(false);
    probe.mockResolvedValue(true);
    await vi.advanceTimersByTimeAsync(1800_000);
    expect([wire.closed, ends]).toEqual([true, [{ atOnce: true }]]);
    expect(open().transport).toBe("websocket");
    expect(ways.evidence).toBeNull();
  });

  test("is not looked beside once it is closed", async () => {
    const { ways, probe } = await overEvents();
    ways.open(ASKED).close();
    await vi.advanceTimersByTimeAsync(3600_000);
    expect(probe).not.toHaveBeenCalled();
  });
});

test("below polls there is nothing", async () => {
  const { ways } = network();
  for (let i = 0; i < 4; i++) ways.refused();
  expect(ways.transport).toBe("polls");
  expect([ways.refused(), ways.refused()]).toEqual([true, false]);
});

test("another network is another way", () => {
  const { ways, open } = network();
  for (let i = 0; i < 4; i++) ways.refused();
  ways.afresh();
  expect(open().transport).toBe("websocket");
});
