import { expect, test } from "vitest";
import { PROCESSES } from "../src/procaddress";
import { formatAddress, NO_FILTER, parseAddress, viewMatching, viewOf, withoutLog, type Address, type ViewAddress } from "../src/address";

const parse = (rest: string, base = "/") => parseAddress(new URL(`http://hub${base}${rest}`), base);

test.each<Address>([
  { page: "list", q: "", match: "", labels: [] },
  { page: "list", q: "nginx & co", match: "web1:*", labels: ["env=prod", "site=a b"] },
  viewOf(["web1:/var/log/nginx/access.log"]),
  {
    ...viewOf(["web1:/var/log/a b&c=d#e?.log", "ci:push/build-42", "db:/lög/日志.log"]),
    at: "v1.AbC-_=+/:",
    filter: { grep: ["a+b", "c d"], exclude: ["%41", "ü|\\d{3}"], ignoreCase: true, level: "warn" },
  },
  viewMatching("web*:/var/log/nginx/*.log"),
  PROCESSES,
  { ...PROCESSES, q: "redis & co", sort: "cpu", reverse: true, writes: "web1:/var/log/a b.log" },
  { ...PROCESSES, host: "web1", show: "connections" },
  { ...PROCESSES, host: "web1", pid: 4242, sort: "left" },
  { ...viewOf(["a:/x"]), lit: ["(?i)time out", "req-[0-9]+&"] },
  { ...viewOf(["a:/x", "b:/y"]), at: "p7", in: "b:/y", muted: ["a:/x"], layout: "columns", sync: true, wall: true },
  {
    ...viewOf(["a:/x", "b:/y"], { ...NO_FILTER, level: "warn" }),
    layout: "rows",
    own: new Map([
      ["b:/y", { ...NO_FILTER, grep: ["mine"], ignoreCase: true }],
      ["a:/x", NO_FILTER],
    ]),
  },
])("what is written is read back: %j", (address) => {
  expect(parse(formatAddress(address))).toEqual(address);
  expect(parse(formatAddress(address), "/logs/view/")).toEqual(address);
});

test("an address stays readable", () => {
  const address = { ...viewOf(["web1:/var/log/syslog"], { ...NO_FILTER, grep: ["x"], ignoreCase: true }), at: "p7" };
  expect(formatAddress(address)).toBe("logs?log=web1:/var/log/syslog&at=p7&grep=x&i");
});

test.each(["", "hosts", "logs", "logs?log=", "nowhere?log=a:b"])("without a log, /%s is the list", (rest) => {
  expect(parse(rest).page).toBe("list");
});

test("what no table of processes has is left out of its address", () => {
  expect(parse("processes?sort=colour&show=limits&pid=7")).toEqual(PROCESSES);
  expect(parse("processes?host=web1&pid=-7&show=nothing")).toEqual({ ...PROCESSES, host: "web1" });
});

test("a log named twice is shown once, and a level nobody knows is none", () => {
  expect(parse("logs?log=a:b&log=a:b&level=loud")).toEqual(viewOf(["a:b"]));
});

test("the words of a filter are for all panes, but for those behind the name of one", () => {
  const { filter, own } = parse("logs?log=a:b&log=c:d&panes&grep=all&own=c:d&grep=mine&level=error") as ViewAddress;
  expect(filter.grep).toEqual(["all"]);
  expect(own.get("c:d")).toEqual({ ...NO_FILTER, grep: ["mine"], level: "error" });
});

test("panes are beside each other where nothing else is said", () => {
  expect(parse("logs?log=a:b&log=c:d&panes")).toMatchObject({ layout: "columns" });
  expect(parse("logs?log=a:b&log=c:d&panes=diagonal")).toMatchObject({ layout: "columns" });
});

test("what stands in an address more than once is there once", () => {
  expect(parse("logs?log=a:/x&grep=a&grep=b&grep=a&exclude=c&exclude=c")).toMatchObject({ filter: { grep: ["a", "b"], exclude: ["c"] } });
});

test("a mute ends with the last other log to be heard, and one that is alone is not muted", () => {
  const three = { ...viewOf(["a:/x", "b:/y", "c:/z"]), muted: ["a:/x", "b:/y"] };
  expect(withoutLog(three, "b:/y", three.logs)).toMatchObject({ logs: ["a:/x", "c:/z"], muted: ["a:/x"] });
  expect(withoutLog(three, "c:/z", three.logs)).toMatchObject({ logs: ["a:/x", "b:/y"], muted: [] });
  expect(withoutLog({ ...viewOf(["a:/x", "b:/y"]), muted: ["a:/x"] }, "b:/y", ["a:/x", "b:/y"])).toMatchObject({ logs: ["a:/x"], muted: [] });
  expect(parse("logs?log=a:/x&mute=a:/x")).toMatchObject({ muted: [] });
  expect(parse("logs?match=a:*&mute=a:/x")).toMatchObject({ muted: ["a:/x"] });
});
