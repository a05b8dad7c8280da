import { expect, test } from "vitest";
import { distance, nearest, partsOf } from "../src/nearest";
import type { LogEntry } from "../src/shapes";

const entry = (log: string, unreadable: string | null = null): LogEntry => ({ log, size: 1, modified: null, active: false, unreadable });

test("the distance is that in letters", () => {
  expect(distance("nginx", "nginx")).toBe(0);
  expect(distance("ngnix", "nginx")).toBe(2);
  expect(distance("", "abc")).toBe(3);
});

test("what is asked for is the name elsewhere, its directory, and its longest word", () => {
  expect(partsOf("/var/log/nginx/acess.log")).toEqual(["/var/log/nginx/acess.log", "/var/log/nginx/", "acess"]);
  expect(partsOf("journal")).toEqual(["journal"]);
});

test("the nearest name is first; what is far, cannot be read, or is the name itself is left out", () => {
  const there = ["web1:/log/access.log", "web1:/log/error.log", "web2:/log/acess.log", "web1:/old/access.log", "web1:/log/acess.log"].map((log) => entry(log));
  const found = nearest("web1:/log/acess.log", [...there, entry("web1:/log/acces.log", "denied")]);
  expect(found).toEqual(["web1:/log/access.log", "web2:/log/acess.log", "web1:/old/access.log"]);
});
