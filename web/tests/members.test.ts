import { expect, test } from "vitest";
import { counted, lookedAt, MAX_MEMBERS, NOBODY } from "../src/members";
import type { LogsPage } from "../src/shapes";

const page = (logs: string[], more: Partial<LogsPage> = {}): LogsPage => ({
  logs: logs.map((log) => ({ log, size: 1, modified: null, active: false, unreadable: null })),
  next: null,
  ...more,
});
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `web1:/${i}`);

test("a log that appears joins behind those that are there", () => {
  const first = lookedAt(NOBODY, [page(["b:/x"])], []);
  expect(lookedAt(first, [page(["a:/x", "b:/x"])], []).logs).toEqual(["b:/x", "a:/x"]);
});

test("a log that is missing from one look stays, and leaves when it is missing from two", () => {
  const first = lookedAt(NOBODY, [page(["a:/x", "b:/x"])], []);
  const once = lookedAt(first, [page(["b:/x"])], []);
  expect(once.logs).toEqual(["a:/x", "b:/x"]);
  expect(lookedAt(once, [page(["a:/x", "b:/x"])], []).missed.size).toBe(0);
  expect(lookedAt(once, [page(["b:/x"])], []).logs).toEqual(["b:/x"]);
});

test("the logs of a host that does not answer stay", () => {
  let members = lookedAt(NOBODY, [page(["a:/x", "b:/x"])], []);
  for (let i = 0; i < 5; i++) members = lookedAt(members, [page(["b:/x"], { missing: [{ host: "a", words: "away" }] })], []);
  expect(members.logs).toEqual(["a:/x", "b:/x"]);
});

test("there is a bound, and how many do not fit is known", () => {
  const members = lookedAt(NOBODY, [page(names(MAX_MEMBERS + 5))], []);
  expect(members.logs.length).toBe(MAX_MEMBERS);
  expect(members.over).toBe(5);
  expect(lookedAt(NOBODY, [page(names(MAX_MEMBERS))], ["web2:/own"])).toMatchObject({ over: 1 });
});

test("two globs over the same log bring it once, and one that is named already not at all", () => {
  expect(lookedAt(NOBODY, [page(["a:/x", "a:/y"]), page(["a:/x"])], ["a:/y"]).logs).toEqual(["a:/x"]);
});

test("a log that cannot be read is counted and not looked at", () => {
  const entry = { log: "a:/shadow", size: null, modified: null, active: false, unreadable: "denied" };
  expect(lookedAt(NOBODY, [{ logs: [entry], next: null }], [])).toMatchObject({ logs: [], unreadable: 1 });
});

test("all that match are counted once each, with those that are named and without those that cannot be read", () => {
  const shadow = { log: "a:/shadow", size: null, modified: null, active: false, unreadable: "denied" };
  expect(counted([page(names(40)), { logs: [shadow], next: null }, page(names(3))], ["web1:/0", "web2:/own"])).toEqual({ count: 41, more: false });
  expect(counted([page(names(40), { next: "web1:/39" })], [])).toEqual({ count: 40, more: true });
});
