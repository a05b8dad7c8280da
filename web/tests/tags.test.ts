import { expect, test } from "vitest";
import { tagsOf } from "../src/tags";

const words = (...logs: string[]): string[] => [...tagsOf(logs).values()].map((tag) => tag.words);

test("a log that is alone needs no tag", () => {
  expect(tagsOf(["web1:/a"]).size).toBe(0);
});

test("logs are named by the least that tells them apart", () => {
  expect(words("web1:/var/log/a.log", "web1:/var/log/b.log")).toEqual(["a.log", "b.log"]);
  expect(words("web1:/var/log/syslog", "web2:/var/log/syslog")).toEqual(["web1", "web2"]);
  expect(words("web1:/srv/shop/app.log", "web1:/srv/blog/app.log")).toEqual(["shop/app.log", "blog/app.log"]);
  expect(words("a:/x/1", "b:/x/1", "b:/x/2")).toEqual(["a:1", "b:1", "b:2"]);
  expect(words("a:/x", "a:/x/")).toEqual(["a:/x", "a:/x/"]);
});

test("the host is told where there are several", () => {
  expect([...tagsOf(["a:/x", "a:/y"]).values()].map(({ host }) => host)).toEqual(["", ""]);
  expect([...tagsOf(["a:/x", "b:/y"]).values()].map(({ host }) => host)).toEqual(["a", "b"]);
});

test("six logs have six colours, and each keeps its own in whatever order they are named", () => {
  const logs = ["a", "b", "c", "d", "e", "f"].map((name) => `web1:/${name}`);
  const colours = tagsOf(logs);
  expect(new Set([...colours.values()].map(({ colour }) => colour)).size).toBe(6);
  for (const [log, { colour }] of tagsOf(logs.toReversed())) expect(colours.get(log)?.colour).toBe(colour);
});

test("where there is little room, names are shortened in the middle and still told apart", () => {
  const briefs = (...logs: string[]): string[] => [...tagsOf(logs).values()].map(({ brief }) => brief);
  expect(briefs("web1:/a.log", "web1:/b.log")).toEqual(["a.log", "b.log"]);
  const three = briefs("web1:/srv/app.log", "web1:/srv/api.log", "web2:/srv/app.log");
  expect(new Set(three).size).toBe(3);
  for (const brief of three) expect(brief.length).toBeLessThanOrEqual(10);
  expect(briefs("web1:/the-very-same-beginning-1-and-the-very-same-end", "web1:/the-very-same-beginning-2-and-the-very-same-end")).toEqual([
    "the-very-same-beginning-1-and-the-very-same-end",
    "the-very-same-beginning-2-and-the-very-same-end",
  ]);
});
