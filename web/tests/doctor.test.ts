import { describe, expect, test } from "vitest";
import { diagnose, type Check, type Evidence } from "../src/doctor";
import type { Arrived, Connection } from "../src/shapes";

const ARRIVED: Arrived = {
  version: "HTTP/1.1",
  host: "logs.example.org",
  upgrade: null,
  connection: "close",
  forwarded_for: "192.0.2.7",
  forwarded_proto: "https",
  via: null,
};
const REPORT: Connection = {
  arrived: ARRIVED,
  probe: null,
  host_known: true,
  origin_known: true,
  passed_on: "x-forwarded-for",
  trusted: true,
  peer: "127.0.0.1",
  port: 8514,
  admitted: true,
  silence: 20,
};
const RIGHT: Evidence = {
  page: { origin: "https://logs.example.org", hostname: "logs.example.org", port: "", path: "/" },
  report: REPORT,
  websocket: "open",
  probe: null,
  spread: { sent: 1000, came: 990 },
  silence: { seconds: 22, whole: true },
};

function found(check: Check, evidence: Partial<Evidence>, report: Partial<Connection> = {}) {
  const all = diagnose({ ...RIGHT, ...evidence, report: { ...REPORT, ...report } });
  const one = all.find((each) => each.check === check);
  if (!one) throw new Error(check);
  return one;
}

const arrived = (more: Partial<Arrived>): Partial<Connection> => ({ arrived: { ...ARRIVED, ...more } });

test("what is right misses nothing", () => {
  expect(diagnose(RIGHT).map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok", "ok", "ok", "ok"]);
});

test("before the hub has answered nothing is said", () => {
  expect(new Set(diagnose({ ...RIGHT, report: null }).map(({ outcome }) => outcome))).toEqual(new Set(["looking"]));
});

describe("the name", () => {
  test("that the proxy changes is set there, with its port where it has one", () => {
    expect(found("name", {}, arrived({ host: "tailcast" })).nginx).toEqual(["proxy_set_header Host $host;"]);
    const page = { ...RIGHT.page, origin: "http://logs.example.org:8080", port: "8080" };
    expect(found("name", { page }, { ...arrived({ host: "logs.example.org" }), origin_known: false }).nginx).toEqual(["proxy_set_header Host $http_host;"]);
  });

  test("that only the hub does not know is told to the hub, with its path", () => {
    const page = { ...RIGHT.page, path: "/logs/" };
    const { nginx, hub } = found("name", { page }, { host_known: false, origin_known: true });
    expect([nginx, hub]).toEqual([[], ['public_url = "https://logs.example.org/logs"']]);
  });
});

describe("a WebSocket", () => {
  test("without its upgrade needs both headers", () => {
    expect(found("websocket", { websocket: "closed", probe: ARRIVED }).nginx.length).toBe(2);
  });

  test("that arrived whole and did not come back is not the headers' fault", () => {
    const probe = { ...ARRIVED, upgrade: "websocket", connection: "Upgrade" };
    expect(found("websocket", { websocket: "closed", probe })).toMatchObject({ outcome: "missing", nginx: [] });
  });

  test("that the hub refuses for its name is not told as something of its own", () => {
    expect(found("websocket", { websocket: "closed" }, { origin_known: false }).outcome).toBe("unknown");
  });

  test("that never arrived was stopped on the way", () => {
    expect(found("websocket", { websocket: "closed" }).outcome).toBe("missing");
  });
});

describe("who asks", () => {
  const direct = { ...arrived({ forwarded_for: null }), passed_on: null };

  test("is known without a proxy", () => {
    const page = { ...RIGHT.page, origin: "http://192.0.2.1:8514", hostname: "192.0.2.1", port: "8514" };
    expect(found("client", { page }, direct)).toMatchObject({ outcome: "ok", nginx: [] });
  });

  test("is not known behind a port that is another one, but for a tunnel", () => {
    expect(found("client", {}, direct).nginx.length).toBe(1);
    const page = { ...RIGHT.page, origin: "http://localhost:9000", hostname: "localhost", port: "9000" };
    expect(found("client", { page }, direct)).toMatchObject({ outcome: "unknown", nginx: [] });
  });

  test("is believed only of a proxy that is trusted", () => {
    expect(found("client", {}, { trusted: false, peer: "10.0.0.7" }).hub).toEqual(['trusted_proxies = ["10.0.0.7"]']);
  });
});

test("a silence that was cut names the time, and pieces that come at once a buffer", () => {
  expect(found("silence", { silence: { seconds: 3, whole: false } }).words).toContain("3 s");
  expect(found("streaming", { spread: { sent: 1000, came: 2 } }).nginx).toEqual(["proxy_buffering off;", "gzip off;"]);
});

test("whom the hub does not let in is told the name and nothing that was not looked at", () => {
  const all = diagnose({ ...RIGHT, websocket: null, spread: null, silence: null, report: { ...REPORT, admitted: false, host_known: false } });
  expect(all.map(({ outcome }) => outcome)).toEqual(["missing", "ok", "unknown", "unknown", "unknown", "ok"]);
});
