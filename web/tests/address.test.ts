import { expect, test } from "vitest";
import { formatAddress, NO_FILTER, parseAddress, viewOf, type Address } from "../src/address";

const parse = (rest: string, base = "/") => parseAddress(new URL(`http://hub${base}${rest}`), base);

test.each<Address>([
  { page: "list", q: "", match: "" },
  { page: "list", q: "nginx & co", match: "web1:*" },
  viewOf(["web1:/var/log/nginx/access.log"]),
  {
    page: "view",
    logs: ["web1:/var/log/a b&c=d#e?.log", "ci:push/build-42", "db:/lög/日志.log"],
    at: "v1.AbC-_=+/:",
    filter: { grep: ["a+b", "c d"], exclude: ["%41", "ü|\\d{3}"], ignoreCase: true, level: "warn" },
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

test("a log named twice is shown once, and a level nobody knows is none", () => {
  expect(parse("logs?log=a:b&log=a:b&level=loud")).toEqual(viewOf(["a:b"]));
});
