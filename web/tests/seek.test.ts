import { expect, test } from "vitest";
import { cut, hayOf, matchOf, ranked, wordsOf } from "../src/seek";

const LOGS = ["web1:/var/log/nginx/access.log", "web1:/var/log/nginx/error.log", "web2:/var/log/nginx/access.log", "db1:/var/log/postgresql/main.log"];

function found(query: string, logs: readonly string[] = LOGS): string[] {
  return ranked(query, logs, hayOf, 10).map(({ item }) => item);
}

test("half a name is enough, whatever its case", () => {
  expect(found("POSTG")).toEqual(["db1:/var/log/postgresql/main.log"]);
});

test("words may come in any order, and all of them must be there", () => {
  expect(found("access web2")).toEqual(["web2:/var/log/nginx/access.log"]);
  expect(found("error web2")).toEqual([]);
});

test("beginnings of parts may run together", () => {
  expect(found("ngerr")).toEqual(["web1:/var/log/nginx/error.log"]);
  expect(found("gerr")).toEqual([]);
});

test("what is the name itself stands before what is only on the way to it", () => {
  expect(found("app", ["h:/app/old.log", "h:/x/snapper.log", "h:/x/app.log"])).toEqual(["h:/x/app.log", "h:/x/snapper.log", "h:/app/old.log"]);
});

test("of equals the first stays first", () => {
  expect(found("nginx access")).toEqual(["web1:/var/log/nginx/access.log", "web2:/var/log/nginx/access.log"]);
});

test("the letters that matched are told, in order, without overlap", () => {
  const hay = hayOf("web1:/var/log/nginx/access.log");
  const match = matchOf(wordsOf("acc log access"), hay);
  expect(cut(hay.text, match?.marks ?? []).filter(({ marked }) => marked).map(({ text }) => text)).toEqual(["access", "log"]);
});

test("a text is cut at its marks, also where only a stretch of it is shown", () => {
  expect(cut("abcdef", [[1, 3]], 2)).toEqual([
    { text: "c", marked: true },
    { text: "def", marked: false },
  ]);
});

test("letters that grow when they are made small shift no mark", () => {
  const hay = hayOf("İİ:/x.log");
  expect(hay.lower.length).toBe(hay.text.length);
});

test("no query is too long to be answered", () => {
  expect(found("§ ".repeat(10_000))).toEqual([]);
});
